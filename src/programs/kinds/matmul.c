/* SPDX-License-Identifier: MIT */
/* matmul: y[..., i, j] = Dot over p of a[..., i, p] b[..., p, j], the leading dimensions
 * broadcast. */
#include "programs/kind.h"
#include "programs/products.h"

#include <string.h>

/* The leading dimensions of a shape. */
static struct quell_shape leading(const struct quell_shape *shape)
{
    struct quell_shape lead = *shape;
    lead.rank -= 2;
    return lead;
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *a = quell_operand(at, 0), *b = quell_operand(at, 1);
    if (a->rank < 2) return quell_refuse_operand(at, 0, "must be [..., m, k]");
    if (b->rank < 2 || b->size[b->rank - 2] != a->size[a->rank - 1])
        return quell_refuse_operand(at, 1, "must be [..., %zu, n]", a->size[a->rank - 1]);
    struct quell_shape left = leading(a), right = leading(b);
    if (!quell_broadcast(&left, &right))
        return quell_refuse_operand(at, 1, "must have leading sizes that go with operand 0's");
    at->out = left;
    at->out.size[at->out.rank++] = a->size[a->rank - 2];
    at->out.size[at->out.rank++] = b->size[b->rank - 1];
    if (quell_shape_fits(&at->out))
        at->of->multiply_adds = quell_elements(&at->out) * a->size[a->rank - 1];
    at->of->scratch =
        quell_products_floats(a->size[a->rank - 2], b->size[b->rank - 1], a->size[a->rank - 1]);
    return QUELL_OK;
}

/* a[m][k], b[k][n]. */
struct operands {
    const float *a, *b;
    size_t k, n;
};

static void copy_left(const void *user, const struct quell_part *part, float *to)
{
    const struct operands *of = user;
    for (size_t r = 0; r < part->rows; r++)
        memcpy(to + r * part->columns, of->a + (part->row + r) * of->k + part->column,
               part->columns * sizeof *to);
}

static void copy_right(const void *user, const struct quell_part *part, float *to)
{
    const struct operands *of = user;
    for (size_t p = 0; p < part->rows; p++)
        memcpy(to + p * QUELL_PANEL, of->b + (part->row + p) * of->n + part->column,
               part->columns * sizeof *to);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *a = quell_shape_of(at, 0), *b = quell_shape_of(at, 1);
    size_t m = a->size[a->rank - 2], k = a->size[a->rank - 1], n = b->size[b->rank - 1];
    struct quell_shape lead = leading(quell_out_shape(at)), left = leading(a), right = leading(b);
    size_t stride[2][QUELL_MAX_RANK], place[QUELL_MAX_RANK] = {0}, offset[2] = {0};
    struct operands operands = {.k = k, .n = n};
    struct quell_products products = {.m = m,
                                      .n = n,
                                      .k = k,
                                      .left = copy_left,
                                      .right = copy_right,
                                      .user = &operands,
                                      .out = at->out,
                                      .out_row = n,
                                      .scratch = at->scratch};
    quell_strides(&left, &lead, stride[0]);
    quell_strides(&right, &lead, stride[1]);
    do {
        operands.a = quell_in(at, 0) + offset[0] * m * k;
        operands.b = quell_in(at, 1) + offset[1] * k * n;
        quell_products_run(&products, at->kernels);
        products.out += m * n;
    } while (quell_next_place(&lead, lead.rank, place, 2, (const size_t(*)[QUELL_MAX_RANK])stride,
                              offset));
}

const struct quell_kind quell_kind_matmul = {
    .name = "matmul", .least = 2, .most = 2, .infer = infer, .run = run};
