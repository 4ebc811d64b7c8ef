/* SPDX-License-Identifier: MIT */
/* attention: for each query i the mean of the values v[j], weighted by the softmax of its scores
 *
 *     s_j = scale Dot(q[i], k[j]) (+ mask[i, j]),
 *     y[i] = Dot over j of e_j v[j] / Sum of e_j,   e_j = E(s_j - the greatest s_j)
 *
 * without the scores of keys behind the query, if causal, and of those that a mask does not
 * keep. */
#include "programs/kind.h"
#include "programs/sums.h"

#include <math.h>

enum { SCALE, CAUSAL, MASK };
enum { ADD, KEEP };
enum { Q, K, V, M };

/* The sizes of a head: m queries and n keys of d, n values of e. */
struct sizes {
    size_t m, n, d, e;
};

static size_t from_end(const struct quell_shape *shape, size_t i)
{
    return shape->size[shape->rank - 1 - i];
}

static quell_status check_leading(const struct quell_inference *at)
{
    const struct quell_shape *q = quell_operand(at, Q), *k = quell_operand(at, K);
    for (size_t d = 0; d + 2 < q->rank; d++) {
        bool heads = d + 3 == q->rank && q->size[d] % k->size[d] == 0;
        if (k->size[d] != q->size[d] && !heads)
            return quell_refuse_operand(at, K,
                                        "must have operand 0's leading sizes; heads, the "
                                        "last of them, may be fewer and divide its");
    }
    return QUELL_OK;
}

static quell_status check_operands(const struct quell_inference *at)
{
    const struct quell_shape *q = quell_operand(at, Q), *k = quell_operand(at, K);
    struct quell_shape v = *quell_operand(at, V);
    if (q->rank < 2) return quell_refuse_operand(at, Q, "must be [..., m, d]");
    if (k->rank != q->rank || from_end(k, 0) != from_end(q, 0))
        return quell_refuse_operand(at, K,
                                    "must be [..., n, %zu] with as many dimensions as "
                                    "operand 0",
                                    from_end(q, 0));
    quell_status status = check_leading(at);
    if (status) return status;
    if (v.rank == k->rank) v.size[v.rank - 1] = from_end(k, 0);
    if (!quell_same_shape(&v, k))
        return quell_refuse_operand(at, V, "must have operand 1's sizes but for the last one");
    return QUELL_OK;
}

/* The shape of all scores. */
static struct quell_shape scores_of(const struct quell_shape *q, const struct quell_shape *k)
{
    struct quell_shape scores = *q;
    scores.size[scores.rank - 1] = from_end(k, 1);
    return scores;
}

static quell_status infer(struct quell_inference *at)
{
    quell_status status = check_operands(at);
    if (status) return status;
    const struct quell_shape *q = quell_operand(at, Q), *v = quell_operand(at, V);
    struct quell_setting *scale = &at->of->set[SCALE];
    struct quell_shape scores = scores_of(q, quell_operand(at, K));
    if (at->of->operands <= M && at->of->set[MASK].given)
        return quell_refuse(at, "'mask' is there, but no mask among the operands");
    if (at->of->operands > M && !quell_broadcasts_to(quell_operand(at, M), &scores))
        return quell_refuse_operand(at, M, "must broadcast to the scores");
    if (!quell_shape_fits(&scores)) return quell_refuse(at, "has more than 2^31 scores");
    if (!scale->given) scale->real = (float)(1 / sqrt((double)from_end(q, 0)));
    at->out = *q;
    at->out.size[q->rank - 1] = from_end(v, 0);
    at->of->scratch = from_end(v, 1);
    at->of->multiply_adds = quell_elements(&scores) * (from_end(q, 0) + from_end(v, 0));
    return QUELL_OK;
}

/* s[n] <- the scores of query i; mask: its row, whose elements are `step` apart, or NULL. */
static void score(const struct quell_instruction *of, const struct sizes *sizes, size_t i,
                  const float *q, const float *k, const float *mask, size_t step, float *s)
{
    for (size_t j = 0; j < sizes->n; j++) {
        s[j] = of->set[SCALE].real * quell_dot(sizes->d, q, 1, k + j * sizes->d, 1);
        if (mask && quell_set(of, MASK) == ADD) s[j] += mask[j * step];
        if (mask && quell_set(of, MASK) == KEEP && mask[j * step] == 0) s[j] = -INFINITY;
        if (quell_set(of, CAUSAL) && j > i) s[j] = -INFINITY;
    }
}

/* y[e] <- the mean of the values by the scores s[n], which are replaced. */
static void average(const struct quell_kernels *kernels, const struct sizes *sizes, float *s,
                    const float *v, float *y)
{
    float most = s[0];
    for (size_t j = 1; j < sizes->n; j++)
        if (s[j] > most) most = s[j];
    bool none = most == -INFINITY;
    for (size_t j = 0; j < sizes->n; j++) s[j] -= most;
    kernels->exponential(s, s, sizes->n);
    float total = quell_sum(sizes->n, s);
    for (size_t c = 0; c < sizes->e; c++)
        y[c] = none ? 0 : quell_dot(sizes->n, s, 1, v + c, sizes->e) / total;
}

/* Which head of k and v goes with head number `head` of q, both counted over all leading
 * dimensions. */
static size_t key_head(const struct quell_shape *q, const struct quell_shape *k, size_t head)
{
    if (q->rank < 3) return 0;
    size_t heads = from_end(q, 2), fewer = from_end(k, 2);
    return head / heads * fewer + head % heads / (heads / fewer);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *q = quell_shape_of(at, Q), *k = quell_shape_of(at, K);
    struct quell_shape scores = scores_of(q, k);
    struct sizes sizes = {from_end(q, 1), from_end(k, 1), from_end(q, 0),
                          from_end(quell_shape_of(at, V), 0)};
    size_t place[QUELL_MAX_RANK] = {0}, stride[1][QUELL_MAX_RANK] = {{0}}, offset = 0, row = 0;
    bool masked = at->of->operands > M;
    if (masked) quell_strides(quell_shape_of(at, M), &scores, stride[0]);
    do {
        size_t other = key_head(q, k, row / sizes.m);
        score(at->of, &sizes, row % sizes.m, quell_in(at, Q) + row * sizes.d,
              quell_in(at, K) + other * sizes.n * sizes.d, masked ? quell_in(at, M) + offset : NULL,
              stride[0][scores.rank - 1], at->scratch);
        average(at->kernels, &sizes, at->scratch, quell_in(at, V) + other * sizes.n * sizes.e,
                at->out + row * sizes.e);
        row++;
    } while (quell_next_place(&scores, scores.rank - 1, place, 1,
                              (const size_t(*)[QUELL_MAX_RANK])stride, &offset));
}

static const char *const masks[] = {"add", "keep", NULL};

const struct quell_kind quell_kind_attention = {
    .name = "attention",
    .least = 3,
    .most = 4,
    .attributes = {[SCALE] = {"scale", QUELL_REAL},
                   [CAUSAL] = {"causal", QUELL_TRUTH},
                   [MASK] = {"mask", QUELL_CHOICE, false, ADD, masks}},
    .infer = infer,
    .run = run,
};
