/* SPDX-License-Identifier: MIT */
/* Divides the results of a sample's instructions among the workers of a crew, so that a worker
 * reads what it wrote itself: a cache line that another core has written, or only read, takes as
 * long as a thousand multiply-adds. An image is divided by its lines, and a matrix by its rows,
 * from one end of a network to the other. A worker that reads nothing from others need not wait for
 * them either.
 *
 * Lines of a channel that belong to two workers can be in the same page, and processors prefetch: a
 * worker that reads its own lines would fetch some of the other's. So the elements of each worker
 * lie apart: a value v[blocks][length] becomes v[workers][blocks][length / workers], with each part
 * in the worker's own piece of the memory. */
#ifndef QUELL_PROGRAMS_DIVIDE_H
#define QUELL_PROGRAMS_DIVIDE_H

#include "programs/kind.h"

/* Return the division of an operand, and of the value that an instruction writes. The length is 0
 * if it is not divided. */
static inline const struct quell_division *quell_divided(const struct quell_program *program,
                                                         const struct quell_instruction *now,
                                                         size_t operand)
{
    return &program->value[program->value[now->operand[operand]].root].division;
}
static inline struct quell_division *quell_division_of(struct quell_program *program,
                                                       const struct quell_instruction *now)
{
    return &program->value[now->writes].division;
}

/* Returns whether workers have the same parts of both. */
static inline bool quell_same_division(const struct quell_division *a,
                                       const struct quell_division *b)
{
    return a->length && a->length == b->length;
}

/* Returns the dimension along which a shape is divided, or the rank if there is none. */
size_t quell_divided_dim(const struct quell_division *by, const struct quell_shape *shape);

/* Divides a shape along one of its dimensions. The number of units is the greatest that divides
 * both `units` and `others`. */
struct quell_division quell_divide_along(const struct quell_shape *shape, size_t dim, size_t units,
                                         size_t others);

/* Divides the result of a linear map by rows, if there are at least `least`. If x is divided by
 * rows, the result is divided in the same way. */
void quell_divide_rows(struct quell_program *program, struct quell_instruction *now, size_t least);

size_t quell_greatest_divisor(size_t a, size_t b);

/* Returns how an instruction is divided among this many workers, or NULL if it is not. */
const struct quell_division *quell_division_for(const struct quell_program *program,
                                                const struct quell_instruction *now,
                                                size_t workers);

/* A worker's part of a divided value: element p of block i is at[i * row + p]. The value need not
 * lie apart. */
struct quell_piece_at {
    float *at;
    size_t row;
};
struct quell_piece_at quell_piece_of(const struct quell_execution *at, size_t value, size_t worker);

/* Return the worker's own part of an operand, and of the result. */
static inline struct quell_piece_at quell_own_in(const struct quell_execution *at, size_t operand)
{
    return quell_piece_of(at, at->of->operand[operand], at->worker);
}
static inline struct quell_piece_at quell_own_out(const struct quell_execution *at)
{
    return quell_piece_of(at, at->of->writes, at->worker);
}

/* Returns whether an operand lies apart. */
bool quell_lies_apart(const struct quell_execution *at, size_t operand);

/* Returns whether all workers run an instruction, each its part. If not, the first worker runs it
 * alone. */
bool quell_is_shared(const struct quell_program *program, const struct quell_instruction *now,
                     const struct quell_room *room, size_t samples);

/* Returns whether the workers have to wait for each other before instruction `number`, because of
 * the instructions since `since`: a worker may read what another has written, or write where
 * another may still read. */
bool quell_must_meet(const struct quell_program *program, const struct quell_room *room,
                     size_t since, size_t number, size_t samples);

#endif
