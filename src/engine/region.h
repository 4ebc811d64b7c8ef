/* SPDX-License-Identifier: MIT */
/* Workers in a parallel region of OpenMP's, where it is certain that its threads can be had: its
 * runtimes end the process where one cannot be made, and wait for ever in a child of fork(). */
#ifndef QUELL_ENGINE_REGION_H
#define QUELL_ENGINE_REGION_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether a region may be opened by this thread with so many threads, at least two: not inside
 * another region, nor where the host allows none, nor in a child of fork(); and only where the
 * limits leave room for thousands of threads more and so many have been made to try. If so,
 * quell_region_run is to follow. */
bool quell_region_begin(size_t threads);

/* Calls body(data, i) for i in 0..workers-1 in as many threads, and waits. A child of fork() that a
 * body has made in this thread leaves the region: QUELL_AFTER_FORK. */
quell_status quell_region_run(size_t threads, size_t workers, void (*body)(void *data, size_t i),
                              void *data);

#endif
