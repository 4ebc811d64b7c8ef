/* SPDX-License-Identifier: MIT */
/* attention: for each query i the mean of the values v[j], weighted by the softmax of its scores
 *
 *     s_j = scale Dot(q[i], k[j]) (+ mask[i, j]),
 *     y[i] = Dot over j of e_j v[j] / Sum of e_j,   e_j = E(s_j - the greatest s_j)
 *
 * If the attention is causal, the scores of keys after the query are left out. So are those that a
 * mask does not keep. */
#include "base/memory.h"
#include "programs/kinds/heads.h"
#include "programs/sums.h"

#include <string.h>

#define MOST_SUMMED 1024

/* Offsets of the parts of the scratch memory, in floats: offsets of elements, panels of keys and of
 * values, scores of the queries, and their sums. */
struct parts {
    size_t offsets, keys, values, scores, totals, all, score_row;
};

static size_t panels(size_t columns, size_t rows)
{
    return quell_round_up(columns, QUELL_PANEL) * rows;
}

static struct parts parts_of(const struct quell_head_sizes *sizes)
{
    const size_t wide = sizeof(size_t) / sizeof(float);
    struct parts parts = {.score_row = quell_heads_score_row(sizes)};
    size_t longest = sizes->d > sizes->n ? sizes->d : sizes->n;
    parts.keys = quell_round_up(wide * longest, QUELL_LANES);
    parts.values = parts.keys + panels(sizes->n, sizes->d);
    parts.scores = parts.values + panels(sizes->e, sizes->n);
    parts.totals = parts.scores + quell_heads_queries(sizes) * parts.score_row;
    parts.all = parts.totals + quell_heads_queries(sizes);
    return parts;
}

static quell_status infer(struct quell_inference *at)
{
    struct quell_head_sizes sizes;
    quell_status status = quell_heads_infer(at, &sizes);
    if (!status) at->of->scratch = parts_of(&sizes).all;
    return status;
}

static const struct parts *parts_at(const struct quell_head *head) { return head->parts; }

static size_t *offsets_at(const struct quell_head *head)
{
    return (size_t *)(void *)(head->scratch + parts_at(head)->offsets);
}

/* Packs keys as the columns of panels, and values as the rows. */
static void pack(const struct quell_head *head)
{
    const struct quell_head_sizes *sizes = &head->sizes;
    size_t *offset = offsets_at(head);
    for (size_t p = 0; p < sizes->d || p < sizes->n; p++) offset[p] = p;
    for (size_t j = 0; j < sizes->n; j += QUELL_PANEL) {
        size_t count = sizes->n - j < QUELL_PANEL ? sizes->n - j : QUELL_PANEL;
        head->kernels->turn(head->k + j * head->k_row, count, head->k_row, sizes->d,
                            head->scratch + parts_at(head)->keys + j * sizes->d, QUELL_PANEL);
    }
    for (size_t from = 0; from < sizes->e; from += QUELL_PANEL) {
        float *to = head->scratch + parts_at(head)->values + from * sizes->n;
        size_t count = sizes->e - from < QUELL_PANEL ? sizes->e - from : QUELL_PANEL;
        for (size_t p = 0; p < sizes->n; p++)
            memcpy(to + p * QUELL_PANEL, head->v + p * head->v_row + from, count * sizeof *to);
    }
}

/* Turns products into scores, before masking. */
static void finish_scores(void *user, const struct quell_dots_done *done)
{
    const struct quell_head *head = user;
    const struct parts *parts = parts_at(head);
    quell_heads_scale(head, done, head->scratch + parts->scores, parts->score_row);
}

static void finish_means(void *user, const struct quell_dots_done *done)
{
    const struct quell_head *head = user;
    quell_heads_divide(head, done, head->scratch + parts_at(head)->totals);
}

/* Turns the scores of `count` queries from head->query on into weights, and computes the sums of
 * these. */
static void weigh(const struct quell_head *head, size_t count)
{
    const struct parts *parts = parts_at(head);
    float *s = head->scratch + parts->scores, *total = head->scratch + parts->totals;
    size_t n = head->sizes.n, row = parts->score_row;
    quell_heads_mask(head, count, s, row);
    head->kernels->weigh_rows(s, count, row, n, total);
    for (size_t r = 0; r < count && n > MOST_SUMMED; r++)
        if (total[r] != 0) total[r] = quell_sum_by(head->kernels, n, s + r * row);
}

/* Computes the results of `count` queries from head->query on. */
static void attend(const struct quell_head *head, size_t count)
{
    const struct quell_head_sizes *sizes = &head->sizes;
    struct quell_dots dots = {.m = count,
                              .n = sizes->n,
                              .k = sizes->d,
                              .block = quell_block_of(sizes->d),
                              .a = head->q + head->query * head->q_row,
                              .a_row = head->q_row,
                              .b = head->scratch + parts_at(head)->keys,
                              .b_panel = sizes->d * QUELL_PANEL,
                              .left = offsets_at(head),
                              .finish = finish_scores,
                              .user = (void *)(uintptr_t)head,
                              .over = quell_ends,
                              .asked = head->at};
    head->kernels->dots(&dots);
    if (quell_was_over(head->at)) return;
    weigh(head, count);
    dots.n = sizes->e;
    dots.k = sizes->n;
    dots.block = quell_block_of(sizes->n);
    dots.a = head->scratch + parts_at(head)->scores;
    dots.a_row = parts_at(head)->score_row;
    dots.b = head->scratch + parts_at(head)->values;
    dots.b_panel = sizes->n * QUELL_PANEL;
    dots.finish = finish_means;
    head->kernels->dots(&dots);
}

static void run(const struct quell_execution *at)
{
    struct quell_head_sizes sizes = quell_heads_sizes(at);
    struct parts parts = parts_of(&sizes);
    quell_heads_run(at, &parts, pack, attend);
}

static const struct quell_kind *halved(const struct quell_inference *at)
{
    (void)at;
    return &quell_kind_attention_bf16;
}

const struct quell_kind quell_kind_attention = {
    .name = "attention",
    .least = 3,
    .most = 4,
    .attributes = QUELL_HEADS_ATTRIBUTES,
    .shared = true,
    .infer = infer,
    .run = run,
    .views = 3,
    .strided = quell_heads_strided,
    .halved = halved,
};
