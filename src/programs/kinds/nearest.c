/* SPDX-License-Identifier: MIT */
/* nearest: every element repeated `factor` times along each dimension, y[i] = x[i / factor]. */
#include "programs/kind.h"

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
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    const float *in = quell_in(at, 0);
    size_t place[QUELL_MAX_RANK] = {0};
    for (float *y = at->out;; y++) {
        size_t from = 0;
        for (size_t d = 0; d < x->rank; d++)
            from = from * x->size[d] + place[d] / (size_t)at->of->set[FACTORS].whole[d];
        *y = in[from];
        if (!quell_next_place(out, out->rank, place, 0, NULL, NULL)) return;
    }
}

const struct quell_kind quell_kind_nearest = {
    .name = "nearest",
    .least = 1,
    .most = 1,
    .attributes = {[FACTORS] = {"factors", QUELL_WHOLES, .needed = true}},
    .infer = infer,
    .run = run,
};
