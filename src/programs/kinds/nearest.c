/* SPDX-License-Identifier: MIT */
/* nearest: every element repeated `factor` times along each dimension, y[i] = x[i / factor]. */
#include "programs/kind.h"

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

/* The line of x that is seen from a group of lines of the result, which are equal. */
static size_t line_of(const struct quell_execution *at, size_t group)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    size_t last = x->rank - 1, line = 0, step = 1;
    for (size_t d = last; d-- > 0;) {
        bool grouped = d + 1 == last; /* along which each element of x is seen by one group */
        size_t size = grouped ? x->size[d] : out->size[d];
        size_t place = group % size;
        group /= size;
        line += step * (grouped ? place : place / (size_t)at->of->set[FACTORS].whole[d]);
        step *= x->size[d];
    }
    return line;
}

/* The lines along the last dimension. Those that follow one another and are equal are a group. */
static void run(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    const struct quell_setting *factors = &at->of->set[FACTORS];
    if (!x->rank) {
        if (!at->worker) *at->out = *quell_in(at, 0);
        return;
    }
    size_t last = x->rank - 1, in = x->size[last], wide = out->size[last], from;
    size_t equal = last ? (size_t)factors->whole[last - 1] : 1;
    size_t end = quell_part_of(at, quell_elements_of(out, 0, last) / equal, &from);
    for (size_t group = from; group < end; group++) {
        float *y = at->out + group * equal * wide;
        at->kernels->stretch(in, quell_in(at, 0) + line_of(at, group) * in,
                             (size_t)factors->whole[last], y);
        for (size_t i = 1; i < equal; i++) memcpy(y + i * wide, y, wide * sizeof *y);
    }
}

const struct quell_kind quell_kind_nearest = {
    .name = "nearest",
    .least = 1,
    .most = 1,
    .attributes = {[FACTORS] = {"factors", QUELL_WHOLES, .needed = true}},
    .shared = true,
    .infer = infer,
    .run = run,
};
