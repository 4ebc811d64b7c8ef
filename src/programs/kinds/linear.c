/* SPDX-License-Identifier: MIT */
/* linear: y[..., o] = Dot over p of x[..., p] weight[o, p], + bias[o], with constant weights.
 * The rows of all samples, which lie one after the other, are one product. */
#include "programs/kind.h"
#include "programs/products.h"

#include <string.h>

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
    at->of->scratch = quell_products_floats(SIZE_MAX, w->size[0], w->size[1]);
    return QUELL_OK;
}

/* x[rows][in], weight[out][in]. */
struct operands {
    const float *x, *weight;
    size_t in;
};

static void copy_rows(const void *user, const struct quell_part *part, float *to)
{
    const struct operands *of = user;
    for (size_t r = 0; r < part->rows; r++)
        memcpy(to + r * part->columns, of->x + (part->row + r) * of->in + part->column,
               part->columns * sizeof *to);
}

static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct operands *of = user;
    for (size_t q = 0; q < part->columns; q++) {
        const float *weight = of->weight + (part->column + q) * of->in + part->row;
        for (size_t p = 0; p < part->rows; p++) to[p * QUELL_PANEL + q] = weight[p];
    }
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    struct operands operands = {quell_in(at, 0), quell_in(at, 1), w->size[1]};
    struct quell_products products = {.m = at->samples * quell_elements(quell_out_shape(at)) /
                                           w->size[0],
                                      .n = w->size[0],
                                      .k = w->size[1],
                                      .left = copy_rows,
                                      .right = copy_weights,
                                      .user = &operands,
                                      .bias = at->of->operands > 2 ? quell_in(at, 2) : NULL,
                                      .out = at->out,
                                      .out_row = w->size[0],
                                      .scratch = at->scratch};
    quell_products_run(&products, at->kernels);
}

const struct quell_kind quell_kind_linear = {
    .name = "linear", .least = 2, .most = 3, .together = true, .infer = infer, .run = run};
