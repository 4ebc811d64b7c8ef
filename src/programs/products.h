/* SPDX-License-Identifier: MIT */
/* Many Dots at once, by the kernels' matrix product: out[i][j] = Dot over p of A[i][p] B[p][j],
 * plus a bias. Parts of A and B are copied to the layout of the product, one block of the Dot at a
 * time. Blocks are added in order, so that the bits are those of sums.h. */
#ifndef QUELL_PROGRAMS_PRODUCTS_H
#define QUELL_PROGRAMS_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include "simd/kernels.h"

/* The rows and columns of a part of A or B. */
struct quell_part {
    size_t row, rows, column, columns;
};

/* left: copies a part of A to to[rows][columns]. right: copies a part of B, of at most QUELL_PANEL
 * columns, to to[rows][QUELL_PANEL]. bias: one number for each row of the result if `by_row`, else
 * one for each column; NULL for none. out: [m][n], whose rows are `out_row` apart. scratch:
 * quell_products_floats() floats. */
struct quell_products {
    size_t m, n, k;
    void (*left)(const void *user, const struct quell_part *part, float *to);
    void (*right)(const void *user, const struct quell_part *part, float *to);
    const void *user;
    const float *bias;
    bool by_row;
    float *out;
    size_t out_row;
    float *scratch;
    int (*over)(const void *asked); /* as those of quell_dots; or NULL */
    const void *asked;
};

/* quell_products_floats returns the size of the scratch memory, in floats; m may be SIZE_MAX here,
 * if it is not known. */
size_t quell_products_floats(size_t m, size_t n, size_t k);
void quell_products_run(const struct quell_products *products, const struct quell_kernels *kernels);

#endif
