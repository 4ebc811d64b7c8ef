/* SPDX-License-Identifier: MIT */
/* What one core can do at most, by instruction set: loops that wait for nothing but the unit that
 * they measure. */
#ifndef QUELL_BENCHMARKS_BOUNDS_H
#define QUELL_BENCHMARKS_BOUNDS_H

#include <stddef.h>

/* bytes, halves: multiply-adds of integers of 8 bits and of bfloat16, by the instructions for
 *   products of several; NULL where this processor has none.
 * fused, multiply: `steps` times some independent chains in registers, of fused multiply-adds and
 *   of multiplications 32 x 32 -> 64, as Philox needs them; they return how many lanes in all.
 * read: loads x[count]. update: x = a x + b y. count is a multiple of 64. */
struct bound {
    const char *isa; /* of a row of the kernels' table */
    double (*fused)(size_t steps);
    double (*multiply)(size_t steps);
    double (*bytes)(size_t steps);
    double (*halves)(size_t steps);
    void (*read)(size_t count, const float *x);
    void (*update)(size_t count, float *x, const float *y);
};

/* NULL where there is none: plain C, whose bound is the compiler's. */
const struct bound *bound_of(const char *isa);

#endif
