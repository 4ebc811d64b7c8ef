/* SPDX-License-Identifier: MIT */
/* The threads of quell: each thread of the host that starts a run has a team of its own, which is
 * there for its next run, too, and ends with it.
 *
 * They are made by quell and not by OpenMP, so that a thread which cannot be made (RLIMIT_NPROC, a
 * cgroup, no memory) means a run with fewer, where OpenMP's runtimes would end the process; and so
 * that a child of fork(), which has none of its parent's threads, can have new ones. */
#ifndef QUELL_ENGINE_TEAM_H
#define QUELL_ENGINE_TEAM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

typedef void quell_part_fn(void *data, size_t i);

/* The calling thread's team with `wanted` threads beside it, or as many as can be had; NULL if it
 * is at work, or has no memory. */
struct quell_team *quell_team_take(size_t wanted);

/* How many threads it has beside the calling one. */
size_t quell_team_size(const struct quell_team *team);

/* Calls part(data, i) for i in 0..helpers: 0 in this thread, the others in the team's, or in this
 * one where they have not begun when it is done; waits for all. False if this is another process
 * now: part 0 has called fork(), and the others' parts are not done. */
bool quell_team_run(struct quell_team *team, size_t helpers, quell_part_fn *part, void *data);

/* Whether the calling thread is at work in a team's run, its own or another's, or in a region. */
bool quell_team_busy(void);

/* For threads of OpenMP's (region.h): whether there can be such a thing as a busy thread; makes the
 * calling one busy, and what it was again. */
bool quell_team_prepared(void);
struct quell_team *quell_team_set_busy(void);
void quell_team_set_back(struct quell_team *before);

/* What a thread that works for quell does not take: all signals but those for what it does itself,
 * and a profiler's. */
void quell_team_signals(sigset_t *blocked);

#endif
