/* SPDX-License-Identifier: MIT */
/* attention_int8: attention with products of whole numbers. Queries are quantised row by row, as in
 * linear_int8, keys row by row, and values column by column. The weights of the softmax have 255
 * levels, so that their sum is exact. attention_bf16: attention with products of bfloat16 numbers,
 * to which queries, keys, values and the softmax's weights are rounded (docs/programs.md). */
#include "base/memory.h"
#include "programs/kinds/heads.h"
#include "programs/quantised.h"
#include "programs/sums.h"

#include <math.h>
#include <string.h>

/* ---- The scratch memory ---- */

/* Offsets of its parts, in floats: offsets of groups, panels of keys and of values, elements of
 * queries and their steps, scores, elements of weights and the sums of weights. And the numbers of
 * groups in a panel of keys and of values. */
struct parts {
    const struct quell_short *form;
    size_t offsets, keys, values, queries, steps, scores, shares, totals, all, score_row;
    size_t key_groups, value_groups;
};

static size_t panels_of(size_t columns) { return (columns + QUELL_PANEL - 1) / QUELL_PANEL; }

/* Returns the floats for rows of elements in `groups` groups, rounded up to whole cache lines. */
static size_t short_rows(const struct quell_short *form, size_t rows, size_t groups)
{
    return quell_round_up(rows * groups * form->group * form->widest / sizeof(float), QUELL_LANES);
}

static struct parts parts_of(const struct quell_short *form, const struct quell_head_sizes *sizes)
{
    const size_t wide = sizeof(size_t) / sizeof(float);
    struct parts parts = {.form = form,
                          .score_row = quell_heads_score_row(sizes),
                          .key_groups = quell_round_up(sizes->d, form->group) / form->group,
                          .value_groups = quell_round_up(sizes->n, form->group) / form->group};
    size_t rows = quell_heads_queries(sizes), some = quell_round_up(rows, QUELL_LANES);
    size_t longest = parts.key_groups > parts.value_groups ? parts.key_groups : parts.value_groups;
    parts.keys = quell_round_up(wide * longest, QUELL_LANES);
    parts.values = parts.keys + panels_of(sizes->n) * quell_byte_panel(parts.key_groups);
    parts.queries = parts.values + panels_of(sizes->e) * quell_byte_panel(parts.value_groups);
    parts.steps = parts.queries + short_rows(form, rows, parts.key_groups);
    parts.scores = parts.steps + some;
    parts.shares = parts.scores + rows * parts.score_row;
    parts.totals = parts.shares + short_rows(form, rows, parts.value_groups);
    parts.all = parts.totals + some;
    return parts;
}

static quell_status infer(struct quell_inference *at)
{
    struct quell_head_sizes sizes;
    quell_status status = quell_heads_infer(at, &sizes);
    if (status) return status;
    const struct quell_short *form = at->of->kind->form;
    size_t longest = sizes.d > sizes.n ? sizes.d : sizes.n;
    if (form->scaled && longest > QUELL_MOST_BYTES)
        return quell_refuse(at, "a sum has %zu products, %zu at most", longest, QUELL_MOST_BYTES);
    at->of->scratch = parts_of(form, &sizes).all;
    return QUELL_OK;
}

static const struct parts *parts_at(const struct quell_head *head) { return head->parts; }

static const struct quell_byte_kernels *kernels_of(const struct quell_head *head)
{
    return parts_at(head)->form->kernels(head->kernels);
}

/* Return the panel of key j, and that of the values' columns from `from` on. */
static float *key_panel(const struct quell_head *head, size_t j)
{
    const struct parts *parts = parts_at(head);
    return head->scratch + parts->keys + j / QUELL_PANEL * quell_byte_panel(parts->key_groups);
}

static float *value_panel(const struct quell_head *head, size_t from)
{
    const struct parts *parts = parts_at(head);
    return head->scratch + parts->values +
           from / QUELL_PANEL * quell_byte_panel(parts->value_groups);
}

/* ---- The keys are the columns of panels, and the values the rows ---- */

static void round_key(const struct quell_head *head, size_t j)
{
    kernels_of(head)->pack_row(head->sizes.d, head->k + j * head->k_row, 1,
                               (signed char *)(key_panel(head, j) + j % QUELL_PANEL));
}

/* Quantises a key. If it has an infinity or NaN, its step is NaN, and so are its scores. */
static void quantise_key(const struct quell_head *head, size_t j)
{
    const struct quell_byte_kernels *bytes = kernels_of(head);
    size_t groups = parts_at(head)->key_groups, d = head->sizes.d;
    const float *key = head->k + j * head->k_row;
    float *panel = key_panel(head, j), *end = panel + groups * QUELL_PANEL + j % QUELL_PANEL;
    struct quell_step step = quell_step_of(bytes->greatest(d, key));
    int32_t sum = bytes->pack_row(step.inverse != 0 ? d : 0, key, step.inverse,
                                  (signed char *)panel + j % QUELL_PANEL * QUELL_GROUP);
    for (size_t g = 0; g < groups && step.inverse == 0; g++)
        memset((signed char *)panel + (g * QUELL_PANEL + j % QUELL_PANEL) * QUELL_GROUP, 0,
               QUELL_GROUP);
    memcpy(end, &sum, sizeof sum);
    end[QUELL_PANEL] = step.step;
}

static void round_values(const struct quell_head *head, size_t from, size_t columns)
{
    kernels_of(head)->pack_rows(head->sizes.n, columns, head->v + from, head->v_row, NULL,
                                (signed char *)value_panel(head, from), NULL);
}

static void quantise_values(const struct quell_head *head, size_t from, size_t columns)
{
    const struct quell_byte_kernels *bytes = kernels_of(head);
    size_t n = head->sizes.n;
    float *panel = value_panel(head, from), inverse[QUELL_PANEL] = {0};
    float *end = panel + parts_at(head)->value_groups * QUELL_PANEL;
    uint32_t most[QUELL_PANEL];
    int32_t sum[QUELL_PANEL];
    struct quell_step step[QUELL_PANEL];
    bytes->greatest_columns(n, columns, head->v + from, head->v_row, most);
    for (size_t c = 0; c < columns; c++) {
        step[c] = quell_step_of(most[c]);
        inverse[c] = step[c].inverse;
    }
    bytes->pack_rows(n, columns, head->v + from, head->v_row, inverse, (signed char *)panel, sum);
    for (size_t c = 0; c < columns; c++) {
        if (step[c].inverse == 0) sum[c] = 0;
        memcpy(end + c, &sum[c], sizeof sum[c]);
        end[QUELL_PANEL + c] = step[c].step;
        end[2 * QUELL_PANEL + c] = (float)(127 * sum[c]) * step[c].step;
    }
}

static void pack(const struct quell_head *head)
{
    const struct quell_head_sizes *sizes = &head->sizes;
    const struct parts *parts = parts_at(head);
    size_t *offset = (size_t *)(void *)(head->scratch + parts->offsets);
    for (size_t g = 0; g < parts->key_groups || g < parts->value_groups; g++)
        offset[g] = g * parts->form->group;
    for (size_t j = 0; j < sizes->n; j++) (parts->form->scaled ? quantise_key : round_key)(head, j);
    for (size_t from = 0; from < sizes->e; from += QUELL_PANEL)
        (parts->form->scaled ? quantise_values : round_values)(
            head, from, sizes->e - from < QUELL_PANEL ? sizes->e - from : QUELL_PANEL);
}

/* ---- Scores and their weights ---- */

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

static void score(const struct quell_head *head, size_t count)
{
    const struct quell_byte_kernels *kernels = kernels_of(head);
    const struct parts *parts = parts_at(head);
    size_t d = head->sizes.d, row = parts->key_groups * parts->form->group;
    unsigned char *a = (unsigned char *)(head->scratch + parts->queries);
    float *step = head->scratch + parts->steps;
    for (size_t r = 0; r < count; r++)
        step[r] = quell_quantise_row(kernels, d, head->q + (head->query + r) * head->q_row,
                                     a + r * row * kernels->width);
    kernels->dots(
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

/* weigh_rows computes the sums of at most this many weights. */
#define MOST_SUMMED 1024

static float round_row(const struct quell_head *head, const float *e, float total, void *to)
{
    size_t n = head->sizes.n;
    if (n > MOST_SUMMED && total != 0) total = quell_sum_by(head->kernels, n, e);
    quell_quantise_row(kernels_of(head), n, e, to);
    return total;
}

/* Quantises a row of weights and returns their sum, or NaN if the row has a NaN. weigh_rows does
 * not change a row of numbers that are all -infinity. */
static float quantise_row(const struct quell_head *head, const float *e, float total, void *to)
{
    const struct quell_byte_kernels *bytes = kernels_of(head);
    size_t n = head->sizes.n;
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

/* Turns scores into weights, whose elements go to `shares`, and computes their sums. */
static void weigh(const struct quell_head *head, size_t count)
{
    const struct parts *parts = parts_at(head);
    size_t n = head->sizes.n, bytes = kernels_of(head)->width;
    size_t share_bytes = parts->value_groups * parts->form->group * bytes;
    unsigned char *a = (unsigned char *)(head->scratch + parts->shares);
    float *s = head->scratch + parts->scores, *total = head->scratch + parts->totals;
    quell_heads_mask(head, count, s, parts->score_row);
    head->kernels->weigh_rows(s, count, parts->score_row, n, total);
    for (size_t r = 0; r < count; r++)
        total[r] = (parts->form->scaled ? quantise_row : round_row)(head, s + r * parts->score_row,
                                                                    total[r], a + r * share_bytes);
}

/* Computes the results of `count` queries from head->query on. The shares of attention_int8 are
 * stored 127 too low; the bias of a panel corrects the columns for that. */
static void attend(const struct quell_head *head, size_t count)
{
    const struct parts *parts = parts_at(head);
    const float one = 1;
    score(head, count);
    weigh(head, count);
    kernels_of(head)->dots(
        &(struct quell_byte_dots){.m = count,
                                  .n = head->sizes.e,
                                  .groups = parts->value_groups,
                                  .a = head->scratch + parts->shares,
                                  .a_row = parts->value_groups * parts->form->group,
                                  .left = (size_t *)(void *)(head->scratch + parts->offsets),
                                  .b = head->scratch + parts->values,
                                  .biased = parts->form->scaled,
                                  .step = &one,
                                  .finish = finish_means,
                                  .user = (void *)(uintptr_t)head});
}

static void run(const struct quell_execution *at)
{
    struct quell_head_sizes sizes = quell_heads_sizes(at);
    struct parts parts = parts_of(at->of->kind->form, &sizes);
    quell_heads_run(at, &parts, pack, attend);
}

#define ATTENTION(NAME, FORM)              \
    {.name = NAME,                         \
     .least = 3,                           \
     .most = 4,                            \
     .attributes = QUELL_HEADS_ATTRIBUTES, \
     .shared = true,                       \
     .infer = infer,                       \
     .run = run,                           \
     .views = 3,                           \
     .strided = quell_heads_strided,       \
     .form = FORM}
const struct quell_kind quell_kind_attention_int8 = ATTENTION("attention_int8", &quell_short_bytes);
const struct quell_kind quell_kind_attention_bf16 =
    ATTENTION("attention_bf16", &quell_short_halves);
