/* SPDX-License-Identifier: MIT */
/* The maps that are computed with the instruction before them, while its result is in cache
 * (fuse.c). Each takes the result so far as one of its operands, and is rounded as it is alone. */
#ifndef QUELL_PROGRAMS_TAIL_H
#define QUELL_PROGRAMS_TAIL_H

#include "programs/kind.h"

#define QUELL_MOST_LINKS 8

/* Computes the function of a map on a rectangle. column[k] may be anything here. */
void quell_map_rectangle(const struct quell_instruction *of, const struct quell_kernels *kernels,
                         const struct quell_map *map);

/* Whether a map adds two operands. */
bool quell_map_adds(const struct quell_instruction *of);

/* A map of the tail. Its operands, but for the result so far, begin at in[k]. own: the distance of
 * the blocks of an operand of which the worker reads its own part. told: as bits, the operands that
 * are not the same for all samples because these are told different things. */
struct quell_link {
    const struct quell_instruction *of;
    const float *in[3];
    size_t row[3], own[3];
    unsigned told;
};

/* The links of an instruction that is run. rows: of the result of a sample; the rows of all samples
 * are counted on. level: whether a row's operands do not depend on which sample it belongs to, but
 * on its number alone, and on what the sample is told if `told`. */
struct quell_tail {
    const struct quell_execution *at;
    const struct quell_kernels *kernels;
    size_t rows, count;
    bool level, told;
    struct quell_link link[QUELL_MOST_LINKS + 1];
};

/* Set the tail of an instruction; the second one with the instruction itself, a map, before it. */
void quell_tail_of(const struct quell_execution *at, struct quell_tail *tail);
void quell_tail_from(const struct quell_execution *at, struct quell_tail *tail);

/* Sees a result of one row, of one sample, as rows of so many columns. */
void quell_tail_cut(struct quell_tail *tail, size_t rows, size_t columns);

/* Makes those links at the front that add a row, or an array of the result's shape, addends of
 * products of whole vectors, which begin at that row and that column of the result. */
void quell_tail_give_addends(struct quell_tail *tail, size_t row, size_t column,
                             struct quell_dots *dots);

/* A rectangle of the result: x[rows][.], which may be overwritten, becomes out[rows][.]. bias: is
 * added first; NULL for none. */
struct quell_piece_of_result {
    size_t row, rows, column, columns;
    float *x, *out;
    size_t x_row, out_row;
    const float *bias;
    size_t bias_row, bias_column;
};
void quell_tail_apply(const struct quell_tail *tail, const struct quell_piece_of_result *piece);

/* Does so with totals of products. whole: the result that they belong to, from its element (0, 0)
 * on, and the row and the column of it at which the products began. */
void quell_tail_finish(const struct quell_tail *tail, const struct quell_dots_done *done,
                       const struct quell_piece_of_result *whole);

/* The same if the columns are the positions of several samples, one sample after the other, so many
 * of each; the row is counted on from that of the first one. */
void quell_tail_finish_samples(const struct quell_tail *tail, const struct quell_dots_done *done,
                               size_t positions, const struct quell_piece_of_result *whole);

/* Sets the distance of the elements of an operand along the dimensions from..to of a result, which
 * become one; false if they have no constant distance. stride: those along each dimension. */
bool quell_merged_stride(const struct quell_shape *result, const size_t *stride, size_t from,
                         size_t to, size_t *step);

/* Sets the distances of an operand's elements along the rows and columns of a result whose first
 * `rows` dimensions are the rows; false if rows or columns have no constant distance. */
bool quell_tail_strides(const struct quell_shape *operand, const struct quell_shape *result,
                        size_t rows, size_t *row, size_t *column);

#endif
