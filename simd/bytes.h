/* SPDX-License-Identifier: MIT */
/* Products of bytes, whose sums are exact, so that every order of additions gives the same bits
 * (docs/programs.md, "linear_int8"). These kernels have tables of their own, because several
 * instruction sets for bytes belong to one instruction set for floats.
 *
 * Products of bfloat16 numbers ("linear_bf16") have tables of the same form
 * (quell_half_kernels_at), with these differences: a group has two p, whose weights are the lower
 * and the upper half of a word. A sum is a chain of fused multiply-adds from +0 along the groups,
 * in each of them the upper half first. y(i, j) = S(i, j), + bias(j) if `biased`; there are no
 * steps, sums of weights and scales. Quantising is rounding to bfloat16 (ties to even; numbers
 * below 2^-56 become zeros, and a NaN stays NaN), by the members for quantising, which ignore
 * `inverse` and `sum`; the other members are NULL. */
#ifndef QUELL_SIMD_BYTES_H
#define QUELL_SIMD_BYTES_H

#include "kernels.h"

/* The formats: elements of the left side have `width` bytes each, in a form that the kernels
 * choose, and right sides are stored in panels of QUELL_PANEL columns. A panel has, for each group
 * of four p, the four weights of each column as signed bytes; then the sum of each column's
 * weights, a 32-bit integer; its scale; and its bias, a float. */
#define QUELL_GROUP 4 /* p in a group */
#define QUELL_HALVES 2
#define QUELL_LEAST_HALF 0x23800000u /* the bits of 2^-56 */
#define QUELL_PANEL_ENDS ((size_t)3 * QUELL_PANEL)

/* Returns the size of a panel, in floats. */
static inline size_t quell_byte_panel(size_t groups)
{
    return groups * QUELL_PANEL + QUELL_PANEL_ENDS;
}

/* The products y(i, j) = t scale(j), or fma(t, scale(j), bias(j)) if `biased`, with t = S(i, j)
 * step(i), where S is the sum over p of q(i, p) w(p, j), exact, and rounded to a float. Group g of
 * row i begins at element r(i) + left[g] of a, where r(i) = row[i], or i * a_row if `row` is NULL;
 * step(i) = step[i * step_row]. b has the panels. `finish` is called as for quell_dots. `turn` is
 * the kernel of that name if the rows of the rectangles are to be the columns j, else NULL. */
struct quell_byte_dots {
    size_t m, n, groups;
    const void *a;
    const size_t *row;
    size_t a_row;
    const size_t *left;
    const float *b;
    int biased;
    const float *step;
    size_t step_row;
    void (*turn)(const float *from, size_t rows, size_t from_row, size_t columns, float *to,
                 size_t to_row);
    void (*finish)(void *user, const struct quell_dots_done *done);
    void *user;
};

struct quell_byte_kernels {
    const char *isa;
    size_t group, width;

    /* Returns the greatest of the bits of |x[i]|, which are in the numbers' order; those of a NaN
     * are greater than those of infinity. */
    uint32_t (*greatest)(size_t count, const float *x);

    /* Sets out[i] to the whole number nearest to x[i] inverse (rounded), ties to even, which must
     * be from -127 to 127. Adds zeros up to a whole group. */
    void (*quantise)(size_t count, const float *x, float inverse, void *out);

    /* Does the same for `channels` rows of x, x_row apart: out[i * out_row + c] comes from
     * x[c * x_row + i]. out_row must be a whole number of groups. */
    void (*quantise_turned)(size_t count, size_t channels, const float *x, size_t x_row,
                            float inverse, void *out, size_t out_row);

    /* Sets out[i] to the whole number nearest to fma(254, e[i], -127), ties to even, for e[i] from
     * 0 to 1. Adds zeros up to a whole group. Returns the sum of these numbers plus 127 for each,
     * or UINT32_MAX if there is a NaN. */
    uint32_t (*shares)(size_t count, const float *e, void *out);

    /* Sets greatest[c] to the greatest bits in column c of x, with `rows` rows x_row apart. */
    void (*greatest_columns)(size_t rows, size_t columns, const float *x, size_t x_row,
                             uint32_t *greatest);

    /* Pack weights: pack_row turns a row into a column of a panel, and pack_rows turns rows into
     * the rows of a panel, with at most QUELL_PANEL columns. The first group of the (first) column
     * goes to `to`, and the next groups are QUELL_PANEL groups apart. `inverse` is that of the row,
     * or inverse[QUELL_PANEL] has those of the columns. They return the sum of the numbers, or set
     * the sum of each column. */
    int32_t (*pack_row)(size_t count, const float *x, float inverse, signed char *to);
    void (*pack_rows)(size_t rows, size_t columns, const float *x, size_t x_row,
                      const float *inverse, signed char *to, int32_t *sum);

    /* Writes `count` zeros, whole groups. */
    void (*zeros)(size_t count, void *out);

    void (*dots)(const struct quell_byte_dots *dots);
};

/* Return the i-th table of this build, or NULL past the end, and whether this machine can run a
 * table. */
const struct quell_byte_kernels *quell_byte_kernels_at(size_t i);
int quell_byte_kernels_available(const struct quell_byte_kernels *bytes);

/* Returns the best table for use with these kernels for floats. */
const struct quell_byte_kernels *quell_byte_kernels_for(const struct quell_kernels *kernels);

/* Do the same for bfloat16 numbers. A table is not available if the processor rounds its products
 * in another way. */
const struct quell_byte_kernels *quell_half_kernels_at(size_t i);
int quell_half_kernels_available(const struct quell_byte_kernels *halves);
const struct quell_byte_kernels *quell_half_kernels_for(const struct quell_kernels *kernels);

#endif
