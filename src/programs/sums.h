/* SPDX-License-Identifier: MIT */
/* The order of additions that every kernel keeps (docs/programs.md, "Arithmetic"), in plain C. */
#ifndef QUELL_PROGRAMS_SUMS_H
#define QUELL_PROGRAMS_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include "simd/kernels.h"

/* Returns the length of the blocks of a Dot of k products. Its square is at least 4 k, so that the
 * additions within a block and those of the blocks' sums grow in number together. */
static inline size_t quell_block_of(size_t k)
{
    size_t block = 128;
    while (block * block < 4 * k) block *= 2;
    return block;
}

/* A Dot to which products are still being added, one by one. */
struct quell_dot {
    size_t block, left;
    float total, sum;
};

struct quell_dot quell_dot_begin(size_t k);

/* Adds a[i * a_step] b[i * b_step] for i = 0 ... count - 1. */
void quell_dot_add(struct quell_dot *dot, size_t count, const float *a, size_t a_step,
                   const float *b, size_t b_step);

/* Returns the total, plus the bias unless that is NULL. */
float quell_dot_end(const struct quell_dot *dot, const float *bias);

float quell_dot(size_t k, const float *a, size_t a_step, const float *b, size_t b_step);

/* Return Sum and Squares of x[count]. */
float quell_sum(size_t count, const float *x);
float quell_squares(size_t count, const float *x);

/* Compute the same by the kernels; Squares are those of x - mean. */
float quell_sum_by(const struct quell_kernels *kernels, size_t count, const float *x);
float quell_squares_by(const struct quell_kernels *kernels, size_t count, const float *x,
                       float mean);

/* Does what the kernels' sum_rows (or sum_columns) do, for sets with any number of elements;
 * columns have at most QUELL_MOST_COLUMN. */
#define QUELL_MOST_COLUMN 65536
void quell_sums_by(const struct quell_kernels *kernels, const struct quell_sums *sums,
                   bool columns);

#endif
