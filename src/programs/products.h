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

/* A matrix product. */
struct quell_products {
    size_t m, n, k;
    /* Copies a part of A to to[rows][columns]. */
    void (*left)(const void *user, const struct quell_part *part, float *to);
    /* Copies a part of B, of at most QUELL_PANEL columns, to to[rows][QUELL_PANEL]. */
    void (*right)(const void *user, const struct quell_part *part, float *to);
    const void *user;
    /* One number for each row of the result if `by_row`, else one for each column; or NULL. */
    const float *bias;
    bool by_row;
    float *out; /* [m][n], with rows `out_row` apart */
    size_t out_row;
    float *scratch;                 /* quell_products_floats() floats */
    int (*over)(const void *asked); /* as in quell_dots; or NULL */
    const void *asked;
};

/* quell_products_floats returns the size of the scratch memory, in floats. m may be SIZE_MAX if it
 * is not known. */
size_t quell_products_floats(size_t m, size_t n, size_t k);
void quell_products_run(const struct quell_products *products, const struct quell_kernels *kernels);

#endif
