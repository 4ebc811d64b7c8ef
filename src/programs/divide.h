/* SPDX-License-Identifier: MIT */
/* Divides the results of a sample's instructions among the workers of a crew, so that a worker
 * reads what it wrote itself: a cache line that another core has written, or only read, takes as
 * long as a thousand multiply-adds. An image is divided by its lines, and rows of numbers by rows,
 * from one end of a network to the other. Where a worker reads nothing that others wrote, it need
 * not wait for them either.
 *
 * Lines of a channel that belong to two workers are in the same page, and whoever reads his own is
 * given some of the other's: processors load ahead. So the elements of a worker lie apart: value
 * v[blocks][length] becomes v[workers][blocks][length / workers], each part in the worker's own
 * piece of the memory. */
#ifndef QUELL_PROGRAMS_DIVIDE_H
#define QUELL_PROGRAMS_DIVIDE_H

#include "programs/kind.h"

/* Returns how an operand of an instruction is divided, and what the instruction writes; length 0 if
 * it is not. */
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

/* Whether workers have the same parts of both. */
static inline bool quell_same_division(const struct quell_division *a,
                                       const struct quell_division *b)
{
    return a->length && a->length == b->length;
}

/* The dimension of a shape along which it is divided, or the rank if it is none. */
size_t quell_divided_dim(const struct quell_division *by, const struct quell_shape *shape);

/* Divides a shape along one of its dimensions: in units that both numbers of them allow. */
struct quell_division quell_divide_along(const struct quell_shape *shape, size_t dim, size_t units,
                                         size_t others);

/* Divides the result of a linear map by rows, if they are at least so many; as x is, if that is
 * divided by them. */
void quell_divide_rows(struct quell_program *program, struct quell_instruction *now, size_t least);

size_t quell_greatest_divisor(size_t a, size_t b);

/* How an instruction is divided among so many workers: NULL if it is not. */
const struct quell_division *quell_division_for(const struct quell_program *program,
                                                const struct quell_instruction *now,
                                                size_t workers);

/* A part of a value that is divided: the element p of block i, which is in the part, is at[i * row
 * + p]. The value need not lie apart. */
struct quell_piece_at {
    float *at;
    size_t row;
};
struct quell_piece_at quell_piece_of(const struct quell_execution *at, size_t value, size_t worker);

/* The worker's own piece of an operand, and of the result. */
static inline struct quell_piece_at quell_own_in(const struct quell_execution *at, size_t operand)
{
    return quell_piece_of(at, at->of->operand[operand], at->worker);
}
static inline struct quell_piece_at quell_own_out(const struct quell_execution *at)
{
    return quell_piece_of(at, at->of->writes, at->worker);
}

/* Whether an operand lies apart. */
bool quell_lies_apart(const struct quell_execution *at, size_t operand);

/* Whether all workers run an instruction, each its part; else the first one does it alone. */
bool quell_is_shared(const struct quell_program *program, const struct quell_instruction *now,
                     const struct quell_room *room, size_t samples);

/* Whether the workers have to meet before instruction `number`, because of what was run since
 * instruction `since`: a worker may read what another has written, or write where another may still
 * read. */
bool quell_must_meet(const struct quell_program *program, const struct quell_room *room,
                     size_t since, size_t number, size_t samples);

#endif
