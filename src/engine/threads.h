/* SPDX-License-Identifier: MIT */
/* All of threading: one function that a host can replace (quell_run.parallel). */
#ifndef QUELL_ENGINE_THREADS_H
#define QUELL_ENGINE_THREADS_H

#include <stddef.h>
#include <quell/status.h>

#define QUELL_MOST_THREADS 65536 /* of a run */

/* How many threads a run takes when the caller does not say: the least of OpenMP's maximum, the
 * affinity mask and the cgroup's quota; 1 inside a parallel region. */
size_t quell_threads_default(void);

/* Calls body(data, i) for i in 0..workers-1, in OpenMP threads, and waits. */
quell_status quell_threads_run(size_t workers, void (*body)(void *data, size_t i), void *data);

#endif
