/* SPDX-License-Identifier: MIT */
#include "programs/kinds/heads.h"
#include "base/memory.h"
#include "programs/view.h"

#include <math.h>
#include <string.h>

enum { ADD, KEEP };
enum { Q, K, V, M };

const char *const quell_heads_masks[] = {"add", "keep", NULL};

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

/* Returns the shape of all scores. */
static struct quell_shape scores_of(const struct quell_shape *q, const struct quell_shape *k)
{
    struct quell_shape scores = *q;
    scores.size[scores.rank - 1] = from_end(k, 1);
    return scores;
}

quell_status quell_heads_infer(struct quell_inference *at, struct quell_head_sizes *sizes)
{
    quell_status status = check_operands(at);
    if (status) return status;
    const struct quell_shape *q = quell_operand(at, Q), *v = quell_operand(at, V);
    struct quell_setting *scale = &at->of->set[QUELL_HEADS_SCALE];
    struct quell_shape scores = scores_of(q, quell_operand(at, K));
    if (at->of->operands <= M && at->of->set[QUELL_HEADS_MASK].given)
        return quell_refuse(at, "'mask' is given, but there is no mask among the operands");
    if (at->of->operands > M && !quell_broadcasts_to(quell_operand(at, M), &scores))
        return quell_refuse_operand(at, M, "must broadcast to the scores");
    if (!quell_shape_fits(&scores)) return quell_refuse(at, "has more than 2^31 scores");
    if (!scale->given) scale->real = (float)(1 / sqrt((double)from_end(q, 0)));
    at->out = *q;
    at->out.size[q->rank - 1] = from_end(v, 0);
    *sizes =
        (struct quell_head_sizes){from_end(q, 1), from_end(v, 1), from_end(q, 0), from_end(v, 0)};
    at->of->multiply_adds = quell_elements(&scores) * (sizes->d + sizes->e);
    return QUELL_OK;
}

struct quell_head_sizes quell_heads_sizes(const struct quell_execution *at)
{
    const struct quell_shape *q = quell_shape_of(at, Q), *v = quell_shape_of(at, V);
    return (struct quell_head_sizes){from_end(q, 1), from_end(v, 1), from_end(q, 0),
                                     from_end(v, 0)};
}

size_t quell_heads_queries(const struct quell_head_sizes *sizes)
{
    return sizes->m < QUELL_QUERIES ? sizes->m : QUELL_QUERIES;
}

size_t quell_heads_score_row(const struct quell_head_sizes *sizes)
{
    size_t row = quell_round_up(sizes->n, QUELL_LANES);
    return row % QUELL_SCORES_APART == 0 ? row + QUELL_LANES : row;
}

/* Masks the scores s[n] of query i. */
static void mask_row(const struct quell_head *head, size_t i, float *s)
{
    int64_t how = quell_set(head->of, QUELL_HEADS_MASK);
    const float *mask = head->mask ? head->mask + i * head->mask_row : NULL;
    for (size_t j = 0; j < head->sizes.n && mask; j++) {
        if (how == ADD) s[j] += mask[j * head->mask_step];
        if (how == KEEP && mask[j * head->mask_step] == 0) s[j] = -INFINITY;
    }
    for (size_t j = i + 1; j < head->sizes.n && quell_set(head->of, QUELL_HEADS_CAUSAL); j++)
        s[j] = -INFINITY;
}

void quell_heads_mask(const struct quell_head *head, size_t count, float *s, size_t score_row)
{
    if (!head->mask && !quell_set(head->of, QUELL_HEADS_CAUSAL)) return;
    for (size_t r = 0; r < count; r++) mask_row(head, head->query + r, s + r * score_row);
}

/* Returns the head of k and v that head number `head` of q uses. Both are counted over all leading
 * dimensions. */
static size_t key_head(const struct quell_shape *q, const struct quell_shape *k, size_t head)
{
    if (q->rank < 3) return 0;
    size_t heads = from_end(q, 2), fewer = from_end(k, 2);
    return head / heads * fewer + head % heads / (heads / fewer);
}

bool quell_heads_strided(const struct quell_program *program, const struct quell_instruction *now,
                         size_t operand, const size_t *stride)
{
    size_t last = program->value[now->operand[operand]].shape.rank - 1;
    return stride[last] == 1;
}

/* Returns where a head of an operand begins, and sets *row to the distance of its rows. */
static const float *head_of(const struct quell_execution *at, size_t operand, size_t head,
                            size_t *row)
{
    const struct quell_shape *shape = quell_shape_of(at, operand);
    size_t stride[QUELL_MAX_RANK], offset = 0;
    quell_operand_strides(at, operand, stride);
    for (size_t d = shape->rank - 2; d-- > 0; head /= shape->size[d])
        offset += head % shape->size[d] * stride[d];
    *row = stride[shape->rank - 2];
    return quell_in(at, operand) + offset;
}

/* Finds head number i of q. */
static void find_head(const struct quell_execution *at, struct quell_head *head, size_t i)
{
    const struct quell_shape *q = quell_shape_of(at, Q), *k = quell_shape_of(at, K);
    const struct quell_head_sizes *sizes = &head->sizes;
    size_t other = key_head(q, k, i);
    struct quell_shape scores = scores_of(q, k);
    size_t stride[QUELL_MAX_RANK] = {0}, rest = i;
    head->q = head_of(at, Q, i, &head->q_row);
    head->k = head_of(at, K, other, &head->k_row);
    head->v = head_of(at, V, other, &head->v_row);
    head->out = at->out + i * sizes->m * sizes->e;
    if (at->of->operands <= M) return;
    head->mask = quell_in(at, M);
    quell_strides(quell_shape_of(at, M), &scores, stride);
    for (size_t d = q->rank - 2; d-- > 0; rest /= q->size[d])
        head->mask += rest % q->size[d] * stride[d];
    head->mask_row = stride[scores.rank - 2];
    head->mask_step = stride[scores.rank - 1];
}

void quell_heads_run(const struct quell_execution *at, const void *parts,
                     void (*pack)(const struct quell_head *head),
                     void (*attend)(const struct quell_head *head, size_t count))
{
    const struct quell_shape *q = quell_shape_of(at, Q);
    struct quell_head head = {.at = at,
                              .of = at->of,
                              .kernels = at->kernels,
                              .sizes = quell_heads_sizes(at),
                              .parts = parts,
                              .scratch = at->scratch};
    const float *packed = NULL;
    size_t pieces = (head.sizes.m + QUELL_QUERIES - 1) / QUELL_QUERIES, from;
    size_t end = quell_part_of(at, quell_elements_of(q, 0, q->rank - 2) * pieces, &from);
    for (size_t i = from; i < end && !quell_is_over(at); i++) {
        find_head(at, &head, i / pieces);
        head.query = i % pieces * QUELL_QUERIES;
        size_t left = head.sizes.m - head.query;
        if (packed != head.k) pack(&head);
        packed = head.k;
        attend(&head, left < QUELL_QUERIES ? left : QUELL_QUERIES);
    }
}

void quell_heads_scale(const struct quell_head *head, const struct quell_dots_done *done, float *s,
                       size_t score_row)
{
    head->kernels->map[QUELL_MAP_MUL](
        &(struct quell_map){.rows = done->rows,
                            .columns = done->columns,
                            .out = s + done->row * score_row + done->column,
                            .out_row = score_row,
                            .in = {done->total, &head->of->set[QUELL_HEADS_SCALE].real},
                            .row = {done->stride},
                            .column = {1}});
}

void quell_heads_divide(const struct quell_head *head, const struct quell_dots_done *done,
                        const float *total)
{
    float *out = head->out + (head->query + done->row) * head->sizes.e + done->column;
    total += done->row;
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
