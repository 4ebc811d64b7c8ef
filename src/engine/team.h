/* SPDX-License-Identifier: MIT */
/* The threads of quell. Each thread of the host that starts a run has a team of its own, which it
 * keeps for its next run. The team ends with that thread.
 *
 * quell makes these threads itself, without OpenMP, for two reasons. If a thread cannot be made
 * (RLIMIT_NPROC, a cgroup, no memory), the run has fewer threads, where OpenMP's runtimes would end
 * the process. And a child of fork(), which has none of its parent's threads, can make new ones. */
#ifndef QUELL_ENGINE_TEAM_H
#define QUELL_ENGINE_TEAM_H

#include <stdbool.h>
#include <stddef.h>

typedef void quell_part_fn(void *data, size_t i);

/* Returns the calling thread's team, with `wanted` helpers or as many as the system allows. Returns
 * NULL if the thread is already working in a run, or if there is no memory. */
struct quell_team *quell_team_take(size_t wanted);

/* Returns how many helpers a team has, besides the calling thread. */
size_t quell_team_size(const struct quell_team *team);

/* Calls part(data, i) for i from 0 to helpers, and waits for all calls. This thread calls part 0,
 * and each helper calls one other part; this thread also calls the parts whose helpers have not
 * begun when part 0 is done. Returns false if part 0 has called fork() and this is the child, in
 * which the other parts are not done. */
bool quell_team_run(struct quell_team *team, size_t helpers, quell_part_fn *part, void *data);

/* Returns whether the calling thread is working in a run, of its own or of another thread, or in a
 * region. */
bool quell_team_busy(void);

/* For OpenMP's threads (region.h). The first function returns whether threads can be marked as
 * busy; the second marks the calling thread, and the third undoes that. */
bool quell_team_prepared(void);
struct quell_team *quell_team_set_busy(void);
void quell_team_set_back(struct quell_team *before);

#endif
