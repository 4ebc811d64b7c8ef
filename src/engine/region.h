/* SPDX-License-Identifier: MIT */
/* Runs workers in a parallel region of OpenMP, where it is certain that its threads can be had:
 * OpenMP's runtimes end the process if a thread cannot be made, and wait for ever in a child of
 * fork(). */
#ifndef QUELL_ENGINE_REGION_H
#define QUELL_ENGINE_REGION_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns whether this thread may open a region with this many threads, at least two. It may not
 * inside another region, where the host does not allow regions, or in a child of fork(). The limits
 * must leave room for thousands more threads, and so many threads as wanted have been made to try.
 * If this returns true, call quell_region_run next. */
bool quell_region_begin(size_t threads);

/* Calls body(data, i) for i from 0 to workers - 1 in this many threads, and waits. If a body has
 * made a child of fork() in this thread, that child leaves the region, with QUELL_AFTER_FORK. */
quell_status quell_region_run(size_t threads, size_t workers, void (*body)(void *data, size_t i),
                              void *data);

#endif
