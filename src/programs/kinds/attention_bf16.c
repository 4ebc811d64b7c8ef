/* SPDX-License-Identifier: MIT */
/* attention_bf16: attention whose products are those of bfloat16 numbers, to which queries, keys,
 * values and the softmax's weights are rounded (docs/programs.md). */
#include "base/memory.h"
#include "programs/kinds/heads.h"
#include "programs/sums.h"
#include "simd/bytes.h"

#define WIDEST 4 /* bytes of an element */
#define MOST_SUMMED 1024

/* The parts of the scratch memory, in floats: offsets of groups, panels of keys and of values,
 * rounded queries, scores, rounded weights and the sums of weights; and the groups of a panel of
 * keys and of values. */
struct parts {
    size_t offsets, keys, values, queries, scores, shares, totals, all, score_row;
    size_t key_groups, value_groups;
};

static size_t groups_of(size_t count) { return (count + QUELL_HALVES - 1) / QUELL_HALVES; }

static size_t panels_of(size_t columns) { return (columns + QUELL_PANEL - 1) / QUELL_PANEL; }

/* Floats for rows of elements of so many groups, from a whole line of cache on. */
static size_t half_rows(size_t rows, size_t groups)
{
    return quell_round_up(rows * groups * QUELL_HALVES * WIDEST / sizeof(float), QUELL_LANES);
}

static struct parts parts_of(const struct quell_head_sizes *sizes)
{
    const size_t wide = sizeof(size_t) / sizeof(float);
    struct parts parts = {.score_row = quell_heads_score_row(sizes),
                          .key_groups = groups_of(sizes->d),
                          .value_groups = groups_of(sizes->n)};
    size_t rows = quell_heads_queries(sizes);
    size_t longest = parts.key_groups > parts.value_groups ? parts.key_groups : parts.value_groups;
    parts.keys = quell_round_up(wide * longest, QUELL_LANES);
    parts.values = parts.keys + panels_of(sizes->n) * quell_byte_panel(parts.key_groups);
    parts.queries = parts.values + panels_of(sizes->e) * quell_byte_panel(parts.value_groups);
    parts.scores = parts.queries + half_rows(rows, parts.key_groups);
    parts.shares = parts.scores + rows * parts.score_row;
    parts.totals = parts.shares + half_rows(rows, parts.value_groups);
    parts.all = parts.totals + rows;
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

static const struct quell_byte_kernels *halves_of(const struct quell_head *head)
{
    return quell_half_kernels_for(head->kernels);
}

/* Keys become the columns of panels, and values the rows. */
static void pack(const struct quell_head *head)
{
    const struct quell_byte_kernels *halves = halves_of(head);
    const struct quell_head_sizes *sizes = &head->sizes;
    const struct parts *parts = parts_at(head);
    size_t *offset = (size_t *)(void *)(head->scratch + parts->offsets);
    for (size_t g = 0; g < parts->key_groups || g < parts->value_groups; g++)
        offset[g] = g * QUELL_HALVES;
    for (size_t j = 0; j < sizes->n; j++) {
        float *panel =
            head->scratch + parts->keys + j / QUELL_PANEL * quell_byte_panel(parts->key_groups);
        halves->pack_row(sizes->d, head->k + j * sizes->d, 1,
                         (signed char *)(panel + j % QUELL_PANEL));
    }
    for (size_t from = 0; from < sizes->e; from += QUELL_PANEL) {
        float *panel = head->scratch + parts->values +
                       from / QUELL_PANEL * quell_byte_panel(parts->value_groups);
        size_t columns = sizes->e - from < QUELL_PANEL ? sizes->e - from : QUELL_PANEL;
        halves->pack_rows(sizes->n, columns, head->v + from, sizes->e, NULL, (signed char *)panel,
                          NULL);
    }
}

/* Products become scores, but for the mask. */
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

static void round_rows(const struct quell_byte_kernels *halves, size_t count, size_t elements,
                       const float *x, size_t x_row, void *to, size_t groups)
{
    for (size_t r = 0; r < count; r++)
        halves->quantise(elements, x + r * x_row, 1,
                         (unsigned char *)to + r * groups * QUELL_HALVES * halves->width);
}

/* Scores of some queries from `query` on become weights, and their sums. */
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

/* The results of `count` queries from `query` on. */
static void attend(const struct quell_head *head, size_t count)
{
    const struct quell_byte_kernels *halves = halves_of(head);
    const struct quell_head_sizes *sizes = &head->sizes;
    const struct parts *parts = parts_at(head);
    float *queries = head->scratch + parts->queries, *shares = head->scratch + parts->shares;
    struct quell_byte_dots dots = {.m = count,
                                   .n = sizes->n,
                                   .groups = parts->key_groups,
                                   .a = queries,
                                   .a_row = parts->key_groups * QUELL_HALVES,
                                   .left = (size_t *)(void *)(head->scratch + parts->offsets),
                                   .b = head->scratch + parts->keys,
                                   .finish = finish_scores,
                                   .user = (void *)(uintptr_t)head};
    round_rows(halves, count, sizes->d, head->q + head->query * sizes->d, sizes->d, queries,
               parts->key_groups);
    halves->dots(&dots);
    weigh(head, count);
    round_rows(halves, count, sizes->n, head->scratch + parts->scores, parts->score_row, shares,
               parts->value_groups);
    dots.n = sizes->e;
    dots.groups = parts->value_groups;
    dots.a = shares;
    dots.a_row = parts->value_groups * QUELL_HALVES;
    dots.b = head->scratch + parts->values;
    dots.finish = finish_means;
    halves->dots(&dots);
}

static void run(const struct quell_execution *at)
{
    struct quell_head_sizes sizes = quell_heads_sizes(at);
    struct parts parts = parts_of(&sizes);
    quell_heads_run(at, &parts, pack, attend);
}

const struct quell_kind quell_kind_attention_bf16 = {
    .name = "attention_bf16",
    .least = 3,
    .most = 4,
    .attributes = QUELL_HEADS_ATTRIBUTES,
    .shared = true,
    .infer = infer,
    .run = run,
};
