/* SPDX-License-Identifier: MIT */
/* Runs workers in a parallel region of OpenMP, if it is certain that OpenMP can have the threads:
 * OpenMP's runtimes end the process if a thread cannot be made, and wait for ever in a child of
 * fork(). */
#ifndef QUELL_ENGINE_REGION_H
#define QUELL_ENGINE_REGION_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns whether this thread may open a region with this many threads, at least two. It may not
 * inside another region, where the host does not allow regions, or in a child of fork(). The
 * system's limits must leave room for thousands more threads, and as many threads as wanted have
 * been started to try. If this function returns true, call quell_region_run next. */
bool quell_region_begin(size_t threads);

/* Calls body(data, i) for i from 0 to workers - 1 in this many threads, and waits for them. If a
 * body has called fork() in this thread, the child leaves the region and gets QUELL_AFTER_FORK. */
quell_status quell_region_run(size_t threads, size_t workers, void (*body)(void *data, size_t i),
                              void *data);

#endif
