/* SPDX-License-Identifier: MIT */
/* nearest: every element repeated `factor` times along each dimension, y[i] = x[i / factor]. */
#include "programs/divide.h"

#include <string.h>

enum { FACTORS };

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    quell_status status = quell_list_or(at, FACTORS, x->rank, 1, 1, (int64_t)1 << 31);
    at->out = *x;
    for (size_t d = 0; d < x->rank && !status; d++)
        at->out.size[d] *= (size_t)at->of->set[FACTORS].whole[d];
    return status;
}

/* Returns the line of x that a group of equal lines of the result is made from. */
static size_t line_of(const struct quell_execution *at, size_t group)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    size_t last = x->rank - 1, line = 0, step = 1;
    for (size_t d = last; d-- > 0;) {
        bool grouped = d + 1 == last; /* along this dimension each element of x becomes one group */
        size_t size = grouped ? x->size[d] : out->size[d];
        size_t place = group % size;
        group /= size;
        line += step * (grouped ? place : place / (size_t)at->of->set[FACTORS].whole[d]);
        step *= x->size[d];
    }
    return line;
}

/* Writes a group: `equal` lines made from the given line of x. */
static void stretch_line(const struct quell_execution *at, const float *line, size_t equal,
                         float *to)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    size_t last = x->rank - 1, wide = out->size[last];
    at->kernels->stretch(x->size[last], line, (size_t)at->of->set[FACTORS].whole[last], to);
    for (size_t i = 1; i < equal; i++) memcpy(to + i * wide, to, wide * sizeof *to);
}

/* Computes the worker's own range of each block. Each block of the result is made from one block of
 * x. */
static void run_own(const struct quell_execution *at, size_t equal)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    size_t last = x->rank - 1, in = x->size[last], wide = out->size[last] * equal, from;
    size_t end = quell_own_range(at, &from), length = at->division->length;
    size_t blocks = quell_elements(out) / length, seen = quell_elements(x) / blocks;
    struct quell_piece_at to = quell_own_out(at), of = {NULL, seen};
    if (at->of->own) of = quell_own_in(at, 0);
    const float *first = at->of->own ? of.at : quell_in(at, 0);
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = from; i < end && !quell_is_over_by(at, wide); i += wide)
            stretch_line(at, first + block * of.row + line_of(at, i / wide) * in, equal,
                         to.at + block * to.row + i);
}

/* Computes the lines along the last dimension. Consecutive lines that are equal are a group. */
static void run(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    const struct quell_setting *factors = &at->of->set[FACTORS];
    if (!x->rank) {
        if (!at->worker) *at->out = *quell_in(at, 0);
        return;
    }
    size_t last = x->rank - 1, wide = out->size[last], from;
    size_t equal = last ? (size_t)factors->whole[last - 1] : 1;
    if (at->division) {
        run_own(at, equal);
        return;
    }
    size_t end = quell_part_of(at, quell_elements_of(out, 0, last) / equal, &from);
    for (size_t group = from; group < end && !quell_is_over_by(at, equal * wide); group++)
        stretch_line(at, quell_in(at, 0) + line_of(at, group) * x->size[last], equal,
                     at->out + group * equal * wide);
}

/* Divides the result along the dimension that x is divided by, or by lines, but not within the
 * lines along the last dimension. */
static void divide(struct quell_program *program, struct quell_instruction *now)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    const struct quell_division *of = quell_divided(program, now, 0);
    size_t dim = of->length ? quell_divided_dim(of, x) : 1;
    if (dim + 1 >= x->rank) return;
    for (size_t d = 0; d < dim; d++)
        if (now->set[FACTORS].whole[d] > 1) return;
    *quell_division_of(program, now) =
        quell_divide_along(&program->value[now->result].shape, dim,
                           of->length ? of->units : x->size[dim], x->size[dim]);
    now->own = of->length > 0;
}

const struct quell_kind quell_kind_nearest = {
    .name = "nearest",
    .least = 1,
    .most = 1,
    .attributes = {[FACTORS] = {"factors", QUELL_WHOLES, .needed = true}},
    .shared = true,
    .infer = infer,
    .run = run,
    .divide = divide,
};
