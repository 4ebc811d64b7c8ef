/* SPDX-License-Identifier: MIT */
/* Drawing the same samples in every way there is: threads, tiles, instruction sets, splits and a
 * host's own parallel-for. All must give the same bits. */
#ifndef QUELL_TESTS_DRAWING_H
#define QUELL_TESTS_DRAWING_H

#include <quell/quell.h>

/* Draws samples first .. first + count - 1 into x; ends the test on failure. */
void must_draw(const quell_sampler *sampler, const quell_draw *draw, const quell_run *run,
               float *x);

/* The same, in parts of `part` samples. */
void must_draw_parts(const quell_sampler *sampler, const quell_draw *draw, const quell_run *run,
                     size_t part, float *x);

/* Draws draw->count samples in many ways and compares each with `expected`, which were drawn as
 * `what` says. When brief, it tries every instruction set with one tile, and one number of threads,
 * host and division, which change from call to call. */
void check_every_way(const char *what, const quell_sampler *sampler, const quell_draw *draw,
                     const quell_run *run, const float *expected);

/* Hosts: a thread per worker; and one worker after the other, the last one first. */
int parallel_pthreads(void *host, size_t workers, void (*body)(void *data, size_t i), void *data);
int parallel_backwards(void *host, size_t workers, void (*body)(void *data, size_t i), void *data);

#endif
