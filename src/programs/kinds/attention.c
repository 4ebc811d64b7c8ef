/* SPDX-License-Identifier: MIT */
/* attention: for each query i the mean of the values v[j], weighted by the softmax of its scores
 *
 *     s_j = scale Dot(q[i], k[j]) (+ mask[i, j]),
 *     y[i] = Dot over j of e_j v[j] / Sum of e_j,   e_j = E(s_j - the greatest s_j)
 *
 * The scores of keys behind the query are left out if the attention is causal, and so are those
 * that a mask does not keep. */
#include "programs/kind.h"
#include "programs/products.h"
#include "programs/sums.h"

#include <math.h>
#include <string.h>

enum { SCALE, CAUSAL, MASK };
enum { ADD, KEEP };
enum { Q, K, V, M };

/* How many queries are computed at a time, so that their scores stay in cache. */
#define QUERIES 64

/* The sizes of one head: m queries and n keys of d elements, n values of e elements. */
struct sizes {
    size_t m, n, d, e;
};

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t queries_of(const struct sizes *sizes)
{
    return sizes->m < QUERIES ? sizes->m : QUERIES;
}

/* Scores and sums of the queries, and the memory of the products. */
static size_t scratch_floats(const struct sizes *sizes)
{
    size_t m = queries_of(sizes);
    return m * sizes->n + m +
           larger(quell_products_floats(m, sizes->n, sizes->d),
                  quell_products_floats(m, sizes->e, sizes->n));
}

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
    at->of->scratch = scratch_floats(
        &(struct sizes){from_end(q, 1), from_end(v, 1), from_end(q, 0), from_end(v, 0)});
    at->of->multiply_adds = quell_elements(&scores) * (from_end(q, 0) + from_end(v, 0));
    return QUELL_OK;
}

/* A head: q, k, v, the scores s of some queries, the mask of its first query (or NULL) with the
 * distances of its elements, and where the result goes. */
struct head {
    const struct quell_instruction *of;
    const struct quell_kernels *kernels;
    struct sizes sizes;
    const float *q, *k, *v, *mask;
    size_t mask_row, mask_step;
    float *s, *total, *scratch, *out;
};

static void copy_queries(const void *user, const struct quell_part *part, float *to)
{
    const struct head *head = user;
    for (size_t r = 0; r < part->rows; r++)
        memcpy(to + r * part->columns, head->q + (part->row + r) * head->sizes.d + part->column,
               part->columns * sizeof *to);
}

static void copy_keys(const void *user, const struct quell_part *part, float *to)
{
    const struct head *head = user;
    for (size_t j = 0; j < part->columns; j++) {
        const float *key = head->k + (part->column + j) * head->sizes.d + part->row;
        for (size_t p = 0; p < part->rows; p++) to[p * QUELL_PANEL + j] = key[p];
    }
}

static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct head *head = user;
    for (size_t r = 0; r < part->rows; r++)
        memcpy(to + r * part->columns, head->s + (part->row + r) * head->sizes.n + part->column,
               part->columns * sizeof *to);
}

static void copy_values(const void *user, const struct quell_part *part, float *to)
{
    const struct head *head = user;
    for (size_t p = 0; p < part->rows; p++)
        memcpy(to + p * QUELL_PANEL, head->v + (part->row + p) * head->sizes.e + part->column,
               part->columns * sizeof *to);
}

/* s[n], the products of query i with the keys, become its scores. */
static void finish_scores(const struct head *head, size_t i, float *s)
{
    int64_t how = quell_set(head->of, MASK);
    const float *mask = head->mask ? head->mask + i * head->mask_row : NULL;
    for (size_t j = 0; j < head->sizes.n; j++) {
        s[j] *= head->of->set[SCALE].real;
        if (mask && how == ADD) s[j] += mask[j * head->mask_step];
        if (mask && how == KEEP && mask[j * head->mask_step] == 0) s[j] = -INFINITY;
        if (quell_set(head->of, CAUSAL) && j > i) s[j] = -INFINITY;
    }
}

/* Scores become e_j; their sum, or 0 if no key may be seen. */
static float weigh(const struct quell_kernels *kernels, size_t n, float *s)
{
    float most = s[0];
    for (size_t j = 1; j < n; j++)
        if (s[j] > most) most = s[j];
    if (most == -INFINITY) return 0;
    for (size_t j = 0; j < n; j++) s[j] -= most;
    kernels->exponential(s, s, n);
    return quell_sum(n, s);
}

/* The results of queries i ... i + count - 1. */
static void attend(struct head *head, size_t i, size_t count)
{
    const struct sizes *sizes = &head->sizes;
    struct quell_products products = {.m = count,
                                      .n = sizes->n,
                                      .k = sizes->d,
                                      .left = copy_queries,
                                      .right = copy_keys,
                                      .user = head,
                                      .out = head->s,
                                      .out_row = sizes->n,
                                      .scratch = head->scratch};
    quell_products_run(&products, head->kernels);
    for (size_t r = 0; r < count; r++) {
        finish_scores(head, i + r, head->s + r * sizes->n);
        head->total[r] = weigh(head->kernels, sizes->n, head->s + r * sizes->n);
    }
    products.n = products.out_row = sizes->e, products.k = sizes->n;
    products.left = copy_weights, products.right = copy_values, products.out = head->out;
    quell_products_run(&products, head->kernels);
    for (size_t r = 0; r < count; r++)
        for (float *y = head->out + r * sizes->e; y < head->out + (r + 1) * sizes->e; y++)
            *y = head->total[r] == 0 ? 0 : *y / head->total[r];
}

static void run_head(struct head *head)
{
    for (size_t i = 0; i < head->sizes.m; i += QUERIES) {
        size_t left = head->sizes.m - i, count = left < QUERIES ? left : QUERIES;
        attend(head, i, count);
        head->q += count * head->sizes.d;
        head->out += count * head->sizes.e;
    }
}

/* Returns the head of k and v that head number `head` of q uses; both are counted over all leading
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
    struct quell_shape scores = scores_of(q, k), lead = *q;
    struct sizes sizes = {from_end(q, 1), from_end(k, 1), from_end(q, 0),
                          from_end(quell_shape_of(at, V), 0)};
    size_t place[QUELL_MAX_RANK] = {0}, stride[1][QUELL_MAX_RANK] = {{0}}, offset = 0, number = 0;
    bool masked = at->of->operands > M;
    if (masked) quell_strides(quell_shape_of(at, M), &scores, stride[0]);
    lead.rank -= 2;
    do {
        size_t other = key_head(q, k, number);
        struct head head = {.of = at->of,
                            .kernels = at->kernels,
                            .sizes = sizes,
                            .q = quell_in(at, Q) + number * sizes.m * sizes.d,
                            .k = quell_in(at, K) + other * sizes.n * sizes.d,
                            .v = quell_in(at, V) + other * sizes.n * sizes.e,
                            .mask = masked ? quell_in(at, M) + offset : NULL,
                            .mask_row = stride[0][scores.rank - 2],
                            .mask_step = stride[0][scores.rank - 1],
                            .s = at->scratch,
                            .out = at->out + number * sizes.m * sizes.e};
        head.total = head.s + queries_of(&sizes) * sizes.n;
        head.scratch = head.total + queries_of(&sizes);
        run_head(&head);
        number++;
    } while (quell_next_place(&lead, lead.rank, place, 1, (const size_t(*)[QUELL_MAX_RANK])stride,
                              &offset));
}

static const char *const masks[] = {"add", "keep", NULL};

const struct quell_kind quell_kind_attention = {
    .name = "attention",
    .least = 3,
    .most = 4,
    .attributes = {[SCALE] = {.name = "scale", .type = QUELL_REAL},
                   [CAUSAL] = {.name = "causal", .type = QUELL_TRUTH},
                   [MASK] = {"mask", QUELL_CHOICE, false, ADD, masks}},
    .infer = infer,
    .run = run,
};
