/* SPDX-License-Identifier: MIT */
/* The tail of an instruction: maps that are computed with it, while its result is in cache
 * (fuse.c). Each takes the result so far as one of its operands, and is rounded as if it were
 * computed alone. */
#ifndef QUELL_PROGRAMS_TAIL_H
#define QUELL_PROGRAMS_TAIL_H

#include "programs/kind.h"

#define QUELL_MOST_LINKS 8

/* Computes the function of a map on a rectangle. column[k] may have any value here. */
void quell_map_rectangle(const struct quell_instruction *of, const struct quell_kernels *kernels,
                         const struct quell_map *map);

/* Returns whether a map adds two operands. */
bool quell_map_adds(const struct quell_instruction *of);

/* A map of the tail. Its operands, except the result so far, begin at in[k]. `own` is the distance
 * of the blocks of an operand of which the worker reads its own part. `told` has a bit for each
 * operand that depends on times or conditions which differ among the samples. */
struct quell_link {
    const struct quell_instruction *of;
    const float *in[3];
    size_t row[3], own[3];
    unsigned told;
};

/* The links of an instruction that runs. `rows` is the number of rows in the result of a sample;
 * rows are counted over all samples. `level` says that a row's operands depend only on its number
 * and, if `told`, on the times and conditions of its sample, but not on the sample itself. */
struct quell_tail {
    const struct quell_execution *at;
    const struct quell_kernels *kernels;
    size_t rows, count;
    bool level, told;
    struct quell_link link[QUELL_MOST_LINKS + 1];
};

/* Set the tail of an instruction. The second function includes the instruction itself, a map, as
 * the first link. */
void quell_tail_of(const struct quell_execution *at, struct quell_tail *tail);
void quell_tail_from(const struct quell_execution *at, struct quell_tail *tail);

/* Treats a result of one row, of one sample, as `rows` rows of `columns` columns. */
void quell_tail_cut(struct quell_tail *tail, size_t rows, size_t columns);

/* Turns the first links into addends of products of whole vectors, if they add a row, or an array
 * of the result's shape. The products begin at the given row and column of the result. */
void quell_tail_give_addends(struct quell_tail *tail, size_t row, size_t column,
                             struct quell_dots *dots);

/* A rectangle of the result: x[rows][.], which may be overwritten, becomes out[rows][.]. `bias` is
 * added first, unless it is NULL. */
struct quell_piece_of_result {
    size_t row, rows, column, columns;
    float *x, *out;
    size_t x_row, out_row;
    const float *bias;
    size_t bias_row, bias_column;
};
void quell_tail_apply(const struct quell_tail *tail, const struct quell_piece_of_result *piece);

/* Applies the tail to totals of products. `whole` is the result that they belong to, from its
 * element (0, 0) on, with the row and the column at which the products began. */
void quell_tail_finish(const struct quell_tail *tail, const struct quell_dots_done *done,
                       const struct quell_piece_of_result *whole);

/* Does the same if the columns are the positions of several samples, `positions` for each, one
 * sample after the other. The row counts from that of the first sample. */
void quell_tail_finish_samples(const struct quell_tail *tail, const struct quell_dots_done *done,
                               size_t positions, const struct quell_piece_of_result *whole);

/* Sets the distance of the elements of an operand along the dimensions from ... to - 1 of a result,
 * merged into one. Returns false if they have no constant distance. `stride` has the distances
 * along each dimension. */
bool quell_merged_stride(const struct quell_shape *result, const size_t *stride, size_t from,
                         size_t to, size_t *step);

/* Sets the distances of an operand's elements along the rows and columns of a result whose first
 * `rows` dimensions are the rows. Returns false if rows or columns have no constant distance. */
bool quell_tail_strides(const struct quell_shape *operand, const struct quell_shape *result,
                        size_t rows, size_t *row, size_t *column);

#endif
