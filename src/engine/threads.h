/* SPDX-License-Identifier: MIT */
/* Runs workers on threads. All threading is behind quell_threads_run, which a host can replace
 * (quell_run.parallel). */
#ifndef QUELL_ENGINE_THREADS_H
#define QUELL_ENGINE_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

#define QUELL_MOST_THREADS 65536 /* the greatest number in a run */

/* Returns how many threads a run has if the caller does not say: the least of OpenMP's maximum and
 * limit, the affinity mask and the cgroup's quota. It is 1 inside a parallel region or a run. */
size_t quell_threads_default(void);

/* Returns whether the calling thread works in a run with several threads. A run that a function of
 * the host starts in such a thread has only that thread. */
bool quell_threads_busy(void);

/* Calls body(data, i) for i from 0 to workers - 1, and waits. It uses a parallel region of OpenMP
 * if the work is not brief and it is certain that OpenMP can have the threads (region.h). Otherwise
 * it uses quell's own threads (team.h); if the system allows fewer, those do all the work. */
quell_status quell_threads_run(size_t workers, bool brief, void (*body)(void *data, size_t i),
                               void *data);

/* Records the failure of a run whose process has become a child of fork(). */
quell_status quell_threads_after_fork(void);

#endif
