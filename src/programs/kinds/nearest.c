/* SPDX-License-Identifier: MIT */
/* nearest: every element repeated `factor` times along each dimension, y[i] = x[i / factor]. */
#include "programs/copy.h"

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

static void run(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    size_t from[QUELL_MAX_RANK] = {0}, to[QUELL_MAX_RANK] = {0};
    struct quell_copy all = {.rank = 0};
    quell_row_major(x, from);
    quell_row_major(quell_out_shape(at), to);
    for (size_t d = 0; d < x->rank; d++) {
        size_t factor = (size_t)at->of->set[FACTORS].whole[d];
        quell_copy_add(&all, x->size[d], (ptrdiff_t)from[d], (ptrdiff_t)(factor * to[d]));
        quell_copy_add(&all, factor, 0, (ptrdiff_t)to[d]);
    }
    quell_copy_run(at, &all, quell_in(at, 0), at->out);
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
