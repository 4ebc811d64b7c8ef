/* SPDX-License-Identifier: MIT */
/* Values that are infinite or not a number: where they are, and who made them. */
#ifndef QUELL_ENGINE_FINITE_H
#define QUELL_ENGINE_FINITE_H

#include "tile.h"

/* Returns the index of the first of `count` values that is not finite; `count` if all are. */
size_t quell_first_not_finite(const struct quell_kernels *kernels, const float *values,
                              size_t count);

/* How messages call such a value: nan, inf or -inf. */
const char *quell_not_finite_text(float value);

/* Records that x, as the caller gave it, is not finite at `index` of x[][dim], whose rows belong to
 * samples from `first` on. before: rows of the request before these. */
void quell_watch_given(struct quell_watch *watch, const float *x, size_t index, size_t dim,
                       uint64_t first, size_t before);

/* Stops the run if a value of x, as the caller gave it, is not finite. */
void quell_tile_check_given(struct quell_tile *tile);

/* What a denoiser has returned, if it is not finite: in which row of the tile, and in words. */
struct quell_fault {
    bool found;
    size_t row;
    char said[400];
};
struct quell_fault quell_tile_find_fault(const struct quell_tile *tile,
                                         const struct quell_tile_mean *mean);

/* Stops the run if there is such a fault. */
void quell_tile_check_mean(struct quell_tile *tile, const struct quell_tile_mean *mean);

/* Stops the run if what a step function has left in x is not finite. fault: that of a denoiser that
 * it has asked in this transition, or one that was not found. */
void quell_tile_check_step(struct quell_tile *tile, const struct quell_fault *fault);

/* Stops the run if a SPREAD of one of the library's samplers would have noise of over 1000 times
 * the greatest deviation, or under 1/1000 of the least: v, which is meant to be in [-1, 1], and in
 * which networks overshoot a little, is then something else, such as a logarithm. */
void quell_tile_check_learned(struct quell_tile *tile, const struct quell_op *op);

/* Stops the run, because an operation has written a value that is not finite. */
void quell_tile_not_finite(struct quell_tile *tile, const struct quell_op *op);

#endif
