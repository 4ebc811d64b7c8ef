/* SPDX-License-Identifier: MIT */
/* matmul: y[..., i, j] = Dot over p of a[..., i, p] b[..., p, j], the leading dimensions
 * broadcast. */
#include "programs/kind.h"
#include "programs/sums.h"

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
    return QUELL_OK;
}

static void multiply(size_t m, size_t k, size_t n, const float *a, const float *b, float *out)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) out[i * n + j] = quell_dot(k, a + i * k, 1, b + j, n);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *a = quell_shape_of(at, 0), *b = quell_shape_of(at, 1);
    size_t m = a->size[a->rank - 2], k = a->size[a->rank - 1], n = b->size[b->rank - 1];
    struct quell_shape lead = leading(quell_out_shape(at)), left = leading(a), right = leading(b);
    size_t stride[2][QUELL_MAX_RANK], place[QUELL_MAX_RANK] = {0}, offset[2] = {0};
    quell_strides(&left, &lead, stride[0]);
    quell_strides(&right, &lead, stride[1]);
    float *out = at->out;
    do {
        multiply(m, k, n, quell_in(at, 0) + offset[0] * m * k, quell_in(at, 1) + offset[1] * k * n,
                 out);
        out += m * n;
    } while (quell_next_place(&lead, lead.rank, place, 2, (const size_t(*)[QUELL_MAX_RANK])stride,
                              offset));
}

const struct quell_kind quell_kind_matmul = {
    .name = "matmul", .least = 2, .most = 2, .infer = infer, .run = run};
