/* SPDX-License-Identifier: MIT */
/* Finds values that are infinite or not a number, and what wrote them. */
#ifndef QUELL_ENGINE_FINITE_H
#define QUELL_ENGINE_FINITE_H

#include "tile.h"

/* Returns the index of the first of `count` values that is not finite; `count` if all are. */
size_t quell_first_not_finite(const struct quell_kernels *kernels, const float *values,
                              size_t count);

/* The word for such a value in messages: nan, inf or -inf. */
const char *quell_not_finite_text(float value);

/* Records a value that is not finite in the x that the caller gave: at `index` of x[][dim], whose
 * rows belong to the samples from `first` on. `before` is the number of rows of the whole request
 * that precede x; messages add it to the row. */
void quell_watch_given(struct quell_watch *watch, const float *x, size_t index, size_t dim,
                       uint64_t first, size_t before);

/* Stops the run if a value of x that the caller gave is not finite. */
void quell_tile_check_given(struct quell_tile *tile);

/* A value that is not finite in a denoiser's output: its row in the tile, and a description of it
 * for messages. */
struct quell_fault {
    bool found;
    size_t row;
    char said[400];
};
struct quell_fault quell_tile_find_fault(const struct quell_tile *tile,
                                         const struct quell_tile_mean *mean);

/* Stops the run if the denoiser's output has such a fault. */
void quell_tile_check_mean(struct quell_tile *tile, const struct quell_tile_mean *mean);

/* Stops the run if a step function has left a value in x that is not finite. `fault` is that of a
 * denoiser which the function called in this transition, or a fault with `found` false. */
void quell_tile_check_step(struct quell_tile *tile, const struct quell_fault *fault);

/* Stops the run if the learned variance v is so far outside [-1, 1] that a SPREAD of one of the
 * library's samplers would add noise of over 1000 times its greatest deviation, or under 1/1000 of
 * its least. Networks overshoot [-1, 1] a little; such a v is something else, such as a
 * logarithm. */
void quell_tile_check_learned(struct quell_tile *tile, const struct quell_op *op);

/* Stops the run because the operation `op` has written a value that is not finite. */
void quell_tile_not_finite(struct quell_tile *tile, const struct quell_op *op);

#endif
