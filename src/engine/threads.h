/* SPDX-License-Identifier: MIT */
/* All of threading: one function that a host can replace (quell_run.parallel). */
#ifndef QUELL_ENGINE_THREADS_H
#define QUELL_ENGINE_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

#define QUELL_MOST_THREADS 65536 /* of a run */

/* How many threads a run takes when the caller does not say: the least of OpenMP's maximum and
 * limit, the affinity mask and the cgroup's quota; 1 inside a parallel region, or a run. */
size_t quell_threads_default(void);

/* Whether the calling thread works at a run that has several threads: what it starts itself, from a
 * function of the host's, has no others. */
bool quell_threads_busy(void);

/* Calls body(data, i) for i in 0..workers-1, and waits: in a parallel region of OpenMP's where it
 * is certain that one can be had (region.h), unless the work is brief; else in quell's own threads
 * (team.h), of which fewer do the work where not all can be had. */
quell_status quell_threads_run(size_t workers, bool brief, void (*body)(void *data, size_t i),
                               void *data);

/* The failure of a run whose process is a child of fork() now. */
quell_status quell_threads_after_fork(void);

#endif
