/* SPDX-License-Identifier: MIT */
#include "networks/attention.h"
#include "base/memory.h"

#include <math.h>

/* The number of queries whose scores are computed at a time. */
#define QUERIES 48

static size_t score_row(const struct quell_attention *a)
{
    return quell_round_up(a->tokens, QUELL_LANES);
}

static size_t key_floats(const struct quell_attention *a)
{
    return quell_round_up(a->tokens, QUELL_PANEL) * a->width;
}

size_t quell_attention_floats(const struct quell_attention *a)
{
    return quell_round_up(key_floats(a), QUELL_LANES) + QUERIES * score_row(a);
}

/* Multiplies x[2j] + i x[2j + 1] by cos + i sin. */
static void turn(float *x, size_t count, const float *by)
{
    for (size_t i = 0; i < count; i += 2) {
        float real = x[i], imaginary = x[i + 1];
        x[i] = real * by[i] - imaginary * by[i + 1];
        x[i + 1] = real * by[i + 1] + imaginary * by[i];
    }
}

static void prepare_token(const struct quell_attention *a, const struct quell_kernels *kernels,
                          size_t token, float *qkv)
{
    size_t channels = a->heads * a->width;
    const struct quell_norm norm = {.rows = 2 * a->heads,
                                    .width = a->width,
                                    .x = qkv,
                                    .x_row = a->width,
                                    .out = qkv,
                                    .out_row = a->width,
                                    .epsilon = 1e-5f};
    if (a->norm) kernels->norm(&norm);
    const float *by = a->turn ? a->turn + token * channels : NULL;
    if (by) turn(qkv, channels, by);
    if (by) turn(qkv + channels, channels, by);
    float scale = 1.0f / sqrtf((float)a->width);
    for (size_t i = 0; i < channels; i++) qkv[i] *= scale;
}

/* Packs the keys of one head into panels of tokens: the right operand of q k^T. */
static void pack_keys(const struct quell_attention *a, const float *k, size_t row, float *keys)
{
    for (size_t first = 0; first < a->tokens; first += QUELL_PANEL, keys += QUELL_PANEL * a->width)
        for (size_t p = 0; p < a->width; p++)
            for (size_t j = 0; j < QUELL_PANEL; j++)
                keys[p * QUELL_PANEL + j] = first + j < a->tokens ? k[(first + j) * row + p] : 0.0f;
}

static void attend(const struct quell_attention *a, const struct quell_kernels *kernels,
                   const float *q, size_t qkv_row, size_t queries, const float *keys,
                   const float *v, float *scores, float *out, size_t out_row)
{
    struct quell_product score = {.m = queries,
                                  .n = a->tokens,
                                  .k = a->width,
                                  .a = q,
                                  .a_row = qkv_row,
                                  .a_col = 1,
                                  .b = keys,
                                  .b_row = QUELL_PANEL,
                                  .b_panel = QUELL_PANEL * a->width,
                                  .c = scores,
                                  .c_row = score_row(a)};
    struct quell_product mean = {.m = queries,
                                 .n = a->width,
                                 .k = a->tokens,
                                 .a = scores,
                                 .a_row = score_row(a),
                                 .a_col = 1,
                                 .b = v,
                                 .b_row = qkv_row,
                                 .b_panel = QUELL_PANEL,
                                 .c = out,
                                 .c_row = out_row};
    kernels->product(&score);
    kernels->softmax_rows(scores, queries, score_row(a), a->tokens);
    kernels->product(&mean);
}

/* Heads are computed in order, each for all queries: if the width of a head is not a multiple of
 * QUELL_LANES, its product writes beyond its end, where the next head is then written. */
void quell_attention_apply(const struct quell_attention *a, const struct quell_kernels *kernels,
                           float *qkv, size_t qkv_row, float *out, size_t out_row, float *scratch)
{
    size_t channels = a->heads * a->width;
    float *keys = scratch, *scores = scratch + quell_round_up(key_floats(a), QUELL_LANES);
    for (size_t t = 0; t < a->tokens; t++) prepare_token(a, kernels, t, qkv + t * qkv_row);
    for (size_t head = 0; head < a->heads; head++) {
        const float *q = qkv + head * a->width;
        pack_keys(a, q + channels, qkv_row, keys);
        for (size_t first = 0; first < a->tokens; first += QUERIES) {
            size_t left = a->tokens - first, queries = left < QUERIES ? left : QUERIES;
            attend(a, kernels, q + first * qkv_row, qkv_row, queries, keys, q + 2 * channels,
                   scores, out + head * a->width + first * out_row, out_row);
        }
    }
}
