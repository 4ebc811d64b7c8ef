/* SPDX-License-Identifier: MIT */
/* attention_int8: attention whose products are those of whole numbers (docs/programs.md). Queries
 * are quantised by their rows, as those of linear_int8, keys by theirs, and values by their
 * columns; the weights of the softmax have 255 levels, whose sum is exact, too. */
#include "base/memory.h"
#include "programs/kinds/heads.h"
#include "programs/quantised.h"

#include <math.h>
#include <string.h>

#define WIDEST 2 /* bytes of an element */

/* The parts of the scratch memory, in floats: offsets of groups, panels of keys and of values,
 * bytes of queries and their steps, scores, bytes of weights and their sums; and the groups of a
 * panel of keys and of values. */
struct parts {
    size_t offsets, keys, values, queries, steps, scores, shares, totals, all, score_row;
    size_t key_groups, value_groups;
};

static size_t groups_of(size_t count) { return (count + QUELL_GROUP - 1) / QUELL_GROUP; }

static size_t panels_of(size_t columns) { return (columns + QUELL_PANEL - 1) / QUELL_PANEL; }

/* Floats for rows of bytes of so many groups, from a whole line of cache on. */
static size_t byte_rows(size_t rows, size_t groups)
{
    return quell_round_up(rows * groups * QUELL_GROUP * WIDEST / sizeof(float), QUELL_LANES);
}

static struct parts parts_of(const struct quell_head_sizes *sizes)
{
    const size_t wide = sizeof(size_t) / sizeof(float);
    struct parts parts = {.score_row = quell_heads_score_row(sizes),
                          .key_groups = groups_of(sizes->d),
                          .value_groups = groups_of(sizes->n)};
    size_t rows = quell_heads_queries(sizes), some = quell_round_up(rows, QUELL_LANES);
    size_t longest = parts.key_groups > parts.value_groups ? parts.key_groups : parts.value_groups;
    parts.keys = quell_round_up(wide * longest, QUELL_LANES);
    parts.values = parts.keys + panels_of(sizes->n) * quell_byte_panel(parts.key_groups);
    parts.queries = parts.values + panels_of(sizes->e) * quell_byte_panel(parts.value_groups);
    parts.steps = parts.queries + byte_rows(rows, parts.key_groups);
    parts.scores = parts.steps + some;
    parts.shares = parts.scores + rows * parts.score_row;
    parts.totals = parts.shares + byte_rows(rows, parts.value_groups);
    parts.all = parts.totals + some;
    return parts;
}

static quell_status infer(struct quell_inference *at)
{
    struct quell_head_sizes sizes;
    quell_status status = quell_heads_infer(at, &sizes);
    if (status) return status;
    size_t longest = sizes.d > sizes.n ? sizes.d : sizes.n;
    if (longest > QUELL_MOST_BYTES)
        return quell_refuse(at, "a sum has %zu products, %zu at most", longest, QUELL_MOST_BYTES);
    at->of->scratch = parts_of(&sizes).all;
    return QUELL_OK;
}

static const struct parts *parts_at(const struct quell_head *head) { return head->parts; }

static const struct quell_byte_kernels *bytes_of(const struct quell_head *head)
{
    return quell_byte_kernels_for(head->kernels);
}

/* Keys are the columns of panels. One that is infinite or NaN makes its scores NaN. */
static void pack_keys(const struct quell_head *head)
{
    const struct quell_byte_kernels *bytes = bytes_of(head);
    const struct quell_head_sizes *sizes = &head->sizes;
    size_t groups = parts_at(head)->key_groups;
    for (size_t j = 0; j < sizes->n; j++) {
        const float *key = head->k + j * head->k_row;
        float *panel =
            head->scratch + parts_at(head)->keys + j / QUELL_PANEL * quell_byte_panel(groups);
        float *end = panel + groups * QUELL_PANEL + j % QUELL_PANEL;
        struct quell_step step = quell_step_of(bytes->greatest(sizes->d, key));
        int32_t sum = bytes->pack_row(step.inverse != 0 ? sizes->d : 0, key, step.inverse,
                                      (signed char *)panel + j % QUELL_PANEL * QUELL_GROUP);
        for (size_t g = 0; g < groups && step.inverse == 0; g++)
            memset((signed char *)panel + (g * QUELL_PANEL + j % QUELL_PANEL) * QUELL_GROUP, 0,
                   QUELL_GROUP);
        memcpy(end, &sum, sizeof sum);
        end[QUELL_PANEL] = step.step;
    }
}

/* Values are the rows of panels. */
static void pack_values(const struct quell_head *head)
{
    const struct quell_byte_kernels *bytes = bytes_of(head);
    const struct quell_head_sizes *sizes = &head->sizes;
    size_t groups = parts_at(head)->value_groups;
    for (size_t from = 0; from < sizes->e; from += QUELL_PANEL) {
        float *panel =
            head->scratch + parts_at(head)->values + from / QUELL_PANEL * quell_byte_panel(groups);
        float *end = panel + groups * QUELL_PANEL, inverse[QUELL_PANEL] = {0};
        size_t columns = sizes->e - from < QUELL_PANEL ? sizes->e - from : QUELL_PANEL;
        uint32_t most[QUELL_PANEL];
        int32_t sum[QUELL_PANEL];
        struct quell_step step[QUELL_PANEL];
        bytes->greatest_columns(sizes->n, columns, head->v + from, head->v_row, most);
        for (size_t c = 0; c < columns; c++) {
            step[c] = quell_step_of(most[c]);
            inverse[c] = step[c].inverse;
        }
        bytes->pack_rows(sizes->n, columns, head->v + from, head->v_row, inverse,
                         (signed char *)panel, sum);
        for (size_t c = 0; c < columns; c++) {
            if (step[c].inverse == 0) sum[c] = 0;
            memcpy(end + c, &sum[c], sizeof sum[c]);
            end[QUELL_PANEL + c] = step[c].step;
            end[2 * QUELL_PANEL + c] = (float)(127 * sum[c]) * step[c].step;
        }
    }
}

static void pack(const struct quell_head *head)
{
    const struct parts *parts = parts_at(head);
    size_t *offset = (size_t *)(void *)(head->scratch + parts->offsets);
    for (size_t g = 0; g < parts->key_groups || g < parts->value_groups; g++)
        offset[g] = g * QUELL_GROUP;
    pack_keys(head);
    pack_values(head);
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

static void score(const struct quell_head *head, size_t count)
{
    const struct quell_byte_kernels *bytes = bytes_of(head);
    const struct parts *parts = parts_at(head);
    size_t d = head->sizes.d, row = parts->key_groups * QUELL_GROUP;
    unsigned char *a = (unsigned char *)(head->scratch + parts->queries);
    float *step = head->scratch + parts->steps;
    for (size_t r = 0; r < count; r++)
        step[r] = quell_quantise_row(bytes, d, head->q + (head->query + r) * head->q_row,
                                     a + r * row * bytes->width);
    bytes->dots(
        &(struct quell_byte_dots){.m = count,
                                  .n = head->sizes.n,
                                  .groups = parts->key_groups,
                                  .a = a,
                                  .a_row = row,
                                  .left = (size_t *)(void *)(head->scratch + parts->offsets),
                                  .b = head->scratch + parts->keys,
                                  .step = step,
                                  .step_row = 1,
                                  .finish = finish_scores,
                                  .user = (void *)(uintptr_t)head});
}

/* The sum of a row's shares, which are written to `to`; NaN if it has a score that is. weigh_rows
 * leaves a row alone whose numbers are all -infinity. */
static float share_row(const struct quell_byte_kernels *bytes, size_t n, const float *e,
                       float total, void *to)
{
    bool nan = false;
    uint32_t sum;
    if (total != 0) {
        sum = bytes->shares(n, e, to);
        return sum == UINT32_MAX ? NAN : (float)sum;
    }
    for (size_t j = 0; j < n; j++) nan = nan || isnan(e[j]);
    bytes->zeros(quell_round_up(n, QUELL_GROUP), to);
    return nan ? NAN : 0;
}

/* Scores become shares of 255 levels, and their sums. */
static void share(const struct quell_head *head, size_t count)
{
    const struct quell_byte_kernels *bytes = bytes_of(head);
    const struct parts *parts = parts_at(head);
    size_t n = head->sizes.n, row = parts->value_groups * QUELL_GROUP;
    unsigned char *a = (unsigned char *)(head->scratch + parts->shares);
    float *s = head->scratch + parts->scores, *total = head->scratch + parts->totals;
    quell_heads_mask(head, count, s, parts->score_row);
    head->kernels->weigh_rows(s, count, parts->score_row, n, total);
    for (size_t r = 0; r < count; r++)
        total[r] =
            share_row(bytes, n, s + r * parts->score_row, total[r], a + r * row * bytes->width);
}

/* The results of `count` queries from head->query on. */
static void attend(const struct quell_head *head, size_t count)
{
    const struct quell_byte_kernels *bytes = bytes_of(head);
    const struct parts *parts = parts_at(head);
    const float one = 1;
    score(head, count);
    share(head, count);
    bytes->dots(
        &(struct quell_byte_dots){.m = count,
                                  .n = head->sizes.e,
                                  .groups = parts->value_groups,
                                  .a = head->scratch + parts->shares,
                                  .a_row = parts->value_groups * QUELL_GROUP,
                                  .left = (size_t *)(void *)(head->scratch + parts->offsets),
                                  .b = head->scratch + parts->values,
                                  .biased = 1,
                                  .step = &one,
                                  .finish = finish_means,
                                  .user = (void *)(uintptr_t)head});
}

static void run(const struct quell_execution *at)
{
    struct quell_head_sizes sizes = quell_heads_sizes(at);
    struct parts parts = parts_of(&sizes);
    quell_heads_run(at, &parts, pack, attend);
}

const struct quell_kind quell_kind_attention_int8 = {
    .name = "attention_int8",
    .least = 3,
    .most = 4,
    .attributes = QUELL_HEADS_ATTRIBUTES,
    .shared = true,
    .infer = infer,
    .run = run,
    .views = 3,
    .strided = quell_heads_strided,
};
