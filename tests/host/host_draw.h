/* SPDX-License-Identifier: MIT */
/* All that a user does, from the first handle to the samples, and all the results. */
#ifndef QUELL_TESTS_HOST_DRAW_H
#define QUELL_TESTS_HOST_DRAW_H

#include <quell/quell.h>

#define HOST_ROWS 150
#define HOST_DIM 3

struct host_draw {
    float x[3][HOST_ROWS * HOST_DIM];
    char text[8192]; /* the printed plan and an error message with numbers in it */
};

/* Creates denoisers, schedules and samplers, draws, and frees them. Thread-safe. */
quell_status host_draw(struct host_draw *drawn, size_t threads);

/* The same on the host's own threads. */
quell_status host_draw_parallel(struct host_draw *drawn, size_t threads,
                                quell_parallel_fn *parallel, void *host);

#endif
