/* SPDX-License-Identifier: MIT */
/* Copies of arrays with any distances between their elements, for the kinds that move, pad and
 * repeat. */
#ifndef QUELL_PROGRAMS_COPY_H
#define QUELL_PROGRAMS_COPY_H

#include "programs/kind.h"

#define QUELL_MOST_COPY_DIMS (2 * QUELL_MAX_RANK)

/* A copy. `from` and `to` are the distances of the elements along each dimension. */
struct quell_copy {
    size_t rank, size[QUELL_MOST_COPY_DIMS];
    ptrdiff_t from[QUELL_MOST_COPY_DIMS], to[QUELL_MOST_COPY_DIMS];
};

/* Adds a dimension after the others. */
void quell_copy_add(struct quell_copy *copy, size_t size, ptrdiff_t from, ptrdiff_t to);

/* quell_copy_all copies all elements, and quell_copy_run the worker's part of them. */
void quell_copy_all(const struct quell_execution *at, const struct quell_copy *copy,
                    const float *from, float *to);
void quell_copy_run(const struct quell_execution *at, const struct quell_copy *copy,
                    const float *from, float *to);

/* Sets stride[rank] to the distances of elements in row-major order. */
void quell_row_major(const struct quell_shape *shape, size_t *stride);

#endif
