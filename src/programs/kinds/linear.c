/* SPDX-License-Identifier: MIT */
/* linear: y[..., o] = Dot over p of x[..., p] weight[o, p], + bias[o], with constant weights. */
#include "programs/kind.h"
#include "programs/sums.h"

static quell_status check_constant(const struct quell_inference *at, size_t operand)
{
    if (at->program->value[at->of->operand[operand]].stage == QUELL_FROM_CONSTANTS) return QUELL_OK;
    return quell_refuse_operand(at, operand, "depends on an input: use matmul");
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    bool has_bias = at->of->operands > 2;
    if (!x->rank) return quell_refuse_operand(at, 0, "must have a dimension");
    if (w->rank != 2 || w->size[1] != x->size[x->rank - 1])
        return quell_refuse_operand(at, 1, "must be [out, %zu]", x->size[x->rank - 1]);
    quell_status status = check_constant(at, 1);
    if (!status && has_bias) status = check_constant(at, 2);
    if (status) return status;
    if (has_bias &&
        (quell_operand(at, 2)->rank != 1 || quell_operand(at, 2)->size[0] != w->size[0]))
        return quell_refuse_operand(at, 2, "must be [%zu]", w->size[0]);
    at->out = *x;
    at->out.size[x->rank - 1] = w->size[0];
    if (quell_shape_fits(&at->out)) at->of->multiply_adds = quell_elements(&at->out) * w->size[1];
    return QUELL_OK;
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    const float *x = quell_in(at, 0), *weight = quell_in(at, 1);
    const float *bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    size_t out = w->size[0], in = w->size[1], rows = quell_elements(quell_out_shape(at)) / out;
    for (size_t row = 0; row < rows; row++)
        for (size_t o = 0; o < out; o++) {
            struct quell_dot dot = quell_dot_begin(in);
            quell_dot_add(&dot, in, x + row * in, 1, weight + o * in, 1);
            at->out[row * out + o] = quell_dot_end(&dot, bias ? bias + o : NULL);
        }
}

const struct quell_kind quell_kind_linear = {
    .name = "linear", .least = 2, .most = 3, .infer = infer, .run = run};
