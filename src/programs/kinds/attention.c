/* SPDX-License-Identifier: MIT */
/* attention: for each query i the mean of the values v[j], weighted by the softmax of its scores
 *
 *     s_j = scale Dot(q[i], k[j]) (+ mask[i, j]),
 *     y[i] = Dot over j of e_j v[j] / Sum of e_j,   e_j = E(s_j - the greatest s_j)
 *
 * The scores of keys behind the query are left out if the attention is causal, and so are those
 * that a mask does not keep. */
#include "base/memory.h"
#include "programs/kind.h"
#include "programs/sums.h"

#include <math.h>
#include <string.h>

enum { SCALE, CAUSAL, MASK };
enum { ADD, KEEP };
enum { Q, K, V, M };

#define MOST_SUMMED 1024

/* Rows of scores that lie a multiple of this many floats apart displace one another from cache. */
#define APART 256

/* How many queries are computed at a time, so that their scores stay in cache. */
#define QUERIES 96

/* The sizes of one head: m queries and n keys of d elements, n values of e elements. */
struct sizes {
    size_t m, n, d, e;
};

static size_t queries_of(const struct sizes *sizes)
{
    return sizes->m < QUERIES ? sizes->m : QUERIES;
}

/* The parts of the scratch memory, in floats: offsets of elements, panels of keys and of values,
 * scores of the queries, and their sums. */
struct parts {
    size_t offsets, keys, values, scores, totals, all, score_row;
};

static size_t panels(size_t columns, size_t rows)
{
    return quell_round_up(columns, QUELL_PANEL) * rows;
}

static struct parts parts_of(const struct sizes *sizes)
{
    const size_t wide = sizeof(size_t) / sizeof(float);
    struct parts parts = {.score_row = quell_round_up(sizes->n, QUELL_LANES)};
    size_t longest = sizes->d > sizes->n ? sizes->d : sizes->n;
    if (parts.score_row % APART == 0) parts.score_row += QUELL_LANES;
    parts.keys = quell_round_up(wide * longest, QUELL_LANES);
    parts.values = parts.keys + panels(sizes->n, sizes->d);
    parts.scores = parts.values + panels(sizes->e, sizes->n);
    parts.totals = parts.scores + queries_of(sizes) * parts.score_row;
    parts.all = parts.totals + queries_of(sizes);
    return parts;
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
    at->of->scratch =
        parts_of(&(struct sizes){from_end(q, 1), from_end(v, 1), from_end(q, 0), from_end(v, 0)})
            .all;
    at->of->multiply_adds = quell_elements(&scores) * (from_end(q, 0) + from_end(v, 0));
    return QUELL_OK;
}

/* A head: q, k, v, the mask of its first query (or NULL) with the distances of its elements, where
 * the result goes, and the scratch memory, which has the packed keys and values of `packed`. query:
 * the first of the queries whose scores are there. */
struct head {
    const struct quell_instruction *of;
    const struct quell_kernels *kernels;
    struct sizes sizes;
    struct parts parts;
    const float *q, *k, *v, *mask, *packed;
    size_t mask_row, mask_step, query;
    float *out, *scratch;
};

static size_t *offsets_at(const struct head *head)
{
    return (size_t *)(void *)(head->scratch + head->parts.offsets);
}

/* Keys become the columns of panels, and values the rows. */
static void pack(const struct head *head)
{
    const struct sizes *sizes = &head->sizes;
    size_t *offset = offsets_at(head);
    for (size_t p = 0; p < sizes->d || p < sizes->n; p++) offset[p] = p;
    for (size_t j = 0; j < sizes->n; j++) {
        float *to = head->scratch + head->parts.keys + j / QUELL_PANEL * sizes->d * QUELL_PANEL +
                    j % QUELL_PANEL;
        for (size_t p = 0; p < sizes->d; p++) to[p * QUELL_PANEL] = head->k[j * sizes->d + p];
    }
    for (size_t from = 0; from < sizes->e; from += QUELL_PANEL) {
        float *to = head->scratch + head->parts.values + from * sizes->n;
        size_t count = sizes->e - from < QUELL_PANEL ? sizes->e - from : QUELL_PANEL;
        for (size_t p = 0; p < sizes->n; p++)
            memcpy(to + p * QUELL_PANEL, head->v + p * sizes->e + from, count * sizeof *to);
    }
}

/* Products become scores, but for the mask. */
static void finish_scores(void *user, const struct quell_dots_done *done)
{
    const struct head *head = user;
    size_t row = head->parts.score_row;
    head->kernels->map[QUELL_MAP_MUL](&(struct quell_map){
        .rows = done->rows,
        .columns = done->columns,
        .out = head->scratch + head->parts.scores + done->row * row + done->column,
        .out_row = row,
        .in = {done->total, &head->of->set[SCALE].real},
        .row = {done->stride},
        .column = {1}});
}

/* Masks the scores s[n] of query i. */
static void mask_scores(const struct head *head, size_t i, float *s)
{
    int64_t how = quell_set(head->of, MASK);
    const float *mask = head->mask ? head->mask + i * head->mask_row : NULL;
    for (size_t j = 0; j < head->sizes.n && mask; j++) {
        if (how == ADD) s[j] += mask[j * head->mask_step];
        if (how == KEEP && mask[j * head->mask_step] == 0) s[j] = -INFINITY;
    }
    for (size_t j = i + 1; j < head->sizes.n && quell_set(head->of, CAUSAL); j++) s[j] = -INFINITY;
}

/* Sums of weighted values become results; rows without a key that may be seen are 0. */
static void finish_means(void *user, const struct quell_dots_done *done)
{
    const struct head *head = user;
    const float *total = head->scratch + head->parts.totals + done->row;
    float *out = head->out + (head->query + done->row) * head->sizes.e + done->column;
    head->kernels->map[QUELL_MAP_DIV](&(struct quell_map){.rows = done->rows,
                                                          .columns = done->columns,
                                                          .out = out,
                                                          .out_row = head->sizes.e,
                                                          .in = {done->total, total},
                                                          .row = {done->stride, 1},
                                                          .column = {1}});
    for (size_t r = 0; r < done->rows; r++)
        if (total[r] == 0) memset(out + r * head->sizes.e, 0, done->columns * sizeof *out);
}

/* Scores of some queries from `query` on become weights, and their sums. */
static void weigh(const struct head *head, size_t count)
{
    float *s = head->scratch + head->parts.scores, *total = head->scratch + head->parts.totals;
    size_t n = head->sizes.n, row = head->parts.score_row;
    if (head->mask || quell_set(head->of, CAUSAL))
        for (size_t r = 0; r < count; r++) mask_scores(head, head->query + r, s + r * row);
    head->kernels->weigh_rows(s, count, row, n, total);
    for (size_t r = 0; r < count && n > MOST_SUMMED; r++)
        if (total[r] != 0) total[r] = quell_sum_by(head->kernels, n, s + r * row);
}

/* The results of `count` queries from `query` on. */
static void attend(struct head *head, size_t count)
{
    const struct sizes *sizes = &head->sizes;
    struct quell_dots dots = {.m = count,
                              .n = sizes->n,
                              .k = sizes->d,
                              .block = quell_block_of(sizes->d),
                              .a = head->q + head->query * sizes->d,
                              .a_row = sizes->d,
                              .b = head->scratch + head->parts.keys,
                              .b_panel = sizes->d * QUELL_PANEL,
                              .left = offsets_at(head),
                              .finish = finish_scores,
                              .user = head};
    head->kernels->dots(&dots);
    weigh(head, count);
    dots.n = sizes->e;
    dots.k = sizes->n;
    dots.block = quell_block_of(sizes->n);
    dots.a = head->scratch + head->parts.scores;
    dots.a_row = head->parts.score_row;
    dots.b = head->scratch + head->parts.values;
    dots.b_panel = sizes->n * QUELL_PANEL;
    dots.finish = finish_means;
    head->kernels->dots(&dots);
}

/* Returns the head of k and v that head number `head` of q uses; both are counted over all leading
 * dimensions. */
static size_t key_head(const struct quell_shape *q, const struct quell_shape *k, size_t head)
{
    if (q->rank < 3) return 0;
    size_t heads = from_end(q, 2), fewer = from_end(k, 2);
    return head / heads * fewer + head % heads / (heads / fewer);
}

/* The piece `number` of an attention: some queries of a head. place: of the head. */
static void run_piece(const struct quell_execution *at, struct head *head, size_t number,
                      size_t pieces)
{
    const struct quell_shape *q = quell_shape_of(at, Q), *k = quell_shape_of(at, K);
    const struct sizes *sizes = &head->sizes;
    size_t i = number / pieces, other = key_head(q, k, i);
    struct quell_shape scores = scores_of(q, k);
    size_t stride[QUELL_MAX_RANK] = {0}, rest = i;
    head->q = quell_in(at, Q) + i * sizes->m * sizes->d;
    head->k = quell_in(at, K) + other * sizes->n * sizes->d;
    head->v = quell_in(at, V) + other * sizes->n * sizes->e;
    head->out = at->out + i * sizes->m * sizes->e;
    head->query = number % pieces * QUERIES;
    if (at->of->operands > M) {
        head->mask = quell_in(at, M);
        quell_strides(quell_shape_of(at, M), &scores, stride);
        for (size_t d = q->rank - 2; d-- > 0; rest /= q->size[d])
            head->mask += rest % q->size[d] * stride[d];
        head->mask_row = stride[scores.rank - 2];
        head->mask_step = stride[scores.rank - 1];
    }
    if (head->packed != head->k) pack(head);
    head->packed = head->k;
    size_t left = sizes->m - head->query;
    attend(head, left < QUERIES ? left : QUERIES);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *q = quell_shape_of(at, Q), *k = quell_shape_of(at, K);
    struct head head = {.of = at->of, .kernels = at->kernels, .scratch = at->scratch};
    head.sizes = (struct sizes){from_end(q, 1), from_end(k, 1), from_end(q, 0),
                                from_end(quell_shape_of(at, V), 0)};
    head.parts = parts_of(&head.sizes);
    size_t pieces = (head.sizes.m + QUERIES - 1) / QUERIES, from;
    size_t end = quell_part_of(at, quell_elements_of(q, 0, q->rank - 2) * pieces, &from);
    for (size_t i = from; i < end && !quell_is_over(at); i++) run_piece(at, &head, i, pieces);
}

static const char *const masks[] = {"add", "keep", NULL};

const struct quell_kind quell_kind_attention = {
    .name = "attention",
    .least = 3,
    .most = 4,
    .attributes = {[SCALE] = {.name = "scale", .type = QUELL_REAL},
                   [CAUSAL] = {.name = "causal", .type = QUELL_TRUTH},
                   [MASK] = {"mask", QUELL_CHOICE, false, ADD, masks}},
    .shared = true,
    .infer = infer,
    .run = run,
};
