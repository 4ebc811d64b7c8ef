/* SPDX-License-Identifier: MIT */
/* The kernels for bytes, each that this machine can run, against loops written from
 * docs/programs.md: quantising, and products whose sums are at their ends. */
#include "harness.h"
#include "simd/bytes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EACH_TABLE(b)                                                      \
    const struct quell_byte_kernels *b;                                    \
    for (size_t number = 0; (b = quell_byte_kernels_at(number)); number++) \
        if (quell_byte_kernels_available(b))

static uint32_t state = 1;

static uint32_t chance(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static float real(void) { return (float)chance() / 8388608.0f - 1; }

/* An element of a left side, whatever the kernels store it as. */
static int element(const struct quell_byte_kernels *b, const void *at, size_t i)
{
    if (b->width == 2) return ((const int16_t *)at)[i];
    static signed char zero[4];
    b->zeros(4, zero);
    return zero[0] ? (int)((const unsigned char *)at)[i] - 128 : ((const signed char *)at)[i];
}

TEST(bytes, greatest)
{
    float x[67];
    EACH_TABLE(b)
    {
        for (size_t count = 0; count <= 67; count++) {
            float most = 0;
            uint32_t bits;
            for (size_t i = 0; i < count; i++) x[i] = real(), most = fmaxf(most, fabsf(x[i]));
            memcpy(&bits, &most, sizeof bits);
            CHECK(b->greatest(count, x) == bits, "%s: of %zu", b->isa, count);
            if (!count) continue;
            x[chance() % count] = -INFINITY;
            CHECK(b->greatest(count, x) == 0x7F800000, "%s: infinity of %zu", b->isa, count);
            x[chance() % count] = NAN;
            CHECK(b->greatest(count, x) > 0x7F800000, "%s: NaN of %zu", b->isa, count);
        }
    }
}

TEST(bytes, quantise)
{
    static float x[300];
    static int16_t out[400];
    EACH_TABLE(b)
    {
        for (size_t count = 1; count < 300; count += 1 + count / 3) {
            size_t whole = (count + 3) / 4 * 4;
            for (size_t i = 0; i < count; i++)
                x[i] = i % 5 ? real() : (float)(chance() % 255) / 2 / 64;
            memset(out, 99, sizeof out);
            b->quantise(count, x, 63.5f, out);
            for (size_t i = 0; i < whole; i++) {
                float scaled = i < count ? x[i] * 63.5f : 0;
                CHECK(element(b, out, i) == (int)rintf(scaled), "%s: %zu of %zu is %d, not %g",
                      b->isa, i, count, element(b, out, i), (double)scaled);
            }
            CHECK(((unsigned char *)out)[whole * b->width] == 99, "%s: wrote too much", b->isa);
        }
    }
}

TEST(bytes, quantise_turned)
{
    static float x[40 * 70];
    static int16_t out[70 * 48];
    EACH_TABLE(b)
    {
        for (size_t trial = 0; trial < 60; trial++) {
            size_t channels = 1 + chance() % 40, count = 1 + chance() % 60,
                   row = (channels + 3) / 4 * 4;
            for (size_t i = 0; i < 40 * 70; i++) x[i] = real();
            memset(out, 99, sizeof out);
            b->quantise_turned(count, channels, x, 70, 127, out, row);
            for (size_t i = 0; i < count * row; i++) {
                size_t c = i % row;
                float scaled = c < channels ? x[c * 70 + i / row] * 127.0f : 0;
                CHECK(element(b, out, i) == (int)rintf(scaled), "%s: channel %zu", b->isa, c);
            }
            CHECK(((unsigned char *)out)[count * row * b->width] == 99, "%s: wrote too much",
                  b->isa);
        }
    }
}

TEST(bytes, shares)
{
    static float e[300];
    static int16_t out[400];
    EACH_TABLE(b)
    {
        for (size_t count = 1; count < 300; count += 1 + count / 3) {
            size_t whole = (count + 3) / 4 * 4;
            uint32_t sum = 0, got;
            for (size_t i = 0; i < count; i++)
                e[i] = i % 5 ? fabsf(real()) : i % 2 ? 1 : (float)(chance() % 255) / 508;
            memset(out, 99, sizeof out);
            got = b->shares(count, e, out);
            for (size_t i = 0; i < whole; i++) {
                int share = i < count ? (int)rintf(fmaf(254, e[i], -127)) : 0;
                if (i < count) sum += (uint32_t)(share + 127);
                CHECK(element(b, out, i) == share, "%s: %zu of %zu is %d, not %d", b->isa, i, count,
                      element(b, out, i), share);
            }
            CHECK(got == sum, "%s: the sum of %zu is %u, not %u", b->isa, count, got, sum);
            CHECK(((unsigned char *)out)[whole * b->width] == 99, "%s: wrote too much", b->isa);
            e[chance() % count] = NAN;
            CHECK(b->shares(count, e, out) == UINT32_MAX, "%s: NaN of %zu", b->isa, count);
        }
    }
}

/* A weight of a panel: of column j, row p. */
static int weight_at(const signed char *panel, size_t j, size_t p)
{
    return panel[(p / 4 * QUELL_PANEL + j) * 4 + p % 4];
}

TEST(bytes, pack_row)
{
    static float x[150];
    static signed char panel[(150 / 4 + 2) * QUELL_PANEL * 4];
    EACH_TABLE(b)
    {
        for (size_t count = 1; count < 150; count += 1 + count / 4) {
            size_t whole = (count + 3) / 4 * 4, j = count % QUELL_PANEL;
            int32_t sum = 0;
            for (size_t i = 0; i < count; i++) x[i] = real();
            memset(panel, 99, sizeof panel);
            int32_t got = b->pack_row(count, x, 127, panel + 4 * j);
            for (size_t i = 0; i < whole; i++) {
                int right = i < count ? (int)rintf(x[i] * 127) : 0;
                sum += right;
                CHECK(weight_at(panel, j, i) == right, "%s: %zu of %zu", b->isa, i, count);
                CHECK(weight_at(panel, (j + 1) % QUELL_PANEL, i) == 99, "%s: beside", b->isa);
            }
            CHECK(weight_at(panel, j, whole) == 99, "%s: wrote too much of %zu", b->isa, count);
            CHECK(got == sum, "%s: the sum of %zu is %d, not %d", b->isa, count, got, sum);
        }
    }
}

TEST(bytes, pack_rows)
{
    enum { ROW = 40 };
    static float x[60 * ROW];
    static signed char panel[(60 / 4 + 2) * QUELL_PANEL * 4];
    EACH_TABLE(b)
    {
        for (size_t trial = 0; trial < 60; trial++) {
            size_t rows = 1 + chance() % 58, columns = 1 + chance() % QUELL_PANEL;
            float inverse[QUELL_PANEL] = {0}, most;
            int32_t sum[QUELL_PANEL], all;
            uint32_t greatest[QUELL_PANEL];
            for (size_t i = 0; i < rows * ROW; i++) x[i] = real();
            for (size_t c = 0; c < columns; c++) inverse[c] = (float)(1 + chance() % 127);
            inverse[chance() % columns] = 0;
            memset(panel, 99, sizeof panel);
            b->greatest_columns(rows, columns, x, ROW, greatest);
            b->pack_rows(rows, columns, x, ROW, inverse, panel, sum);
            for (size_t c = 0; c < columns; c++) {
                most = 0, all = 0;
                for (size_t p = 0; p < (rows + 3) / 4 * 4; p++) {
                    float value = p < rows ? x[p * ROW + c] : 0;
                    int right = (int)rintf(value * inverse[c]);
                    most = fmaxf(most, fabsf(value)), all += right;
                    CHECK(weight_at(panel, c, p) == right, "%s: %zu, %zu of %zu x %zu", b->isa, p,
                          c, rows, columns);
                }
                CHECK(sum[c] == all, "%s: the sum of %zu", b->isa, c);
                CHECK(!memcmp(&greatest[c], &most, 4), "%s: the greatest of %zu", b->isa, c);
            }
        }
    }
}

/* What is compared: the results by their places. */
struct results {
    float *y;
    size_t columns;
};

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct results *results = user;
    for (size_t r = 0; r < done->rows; r++)
        for (size_t c = 0; c < done->columns; c++)
            results->y[(done->row + r) * results->columns + done->column + c] =
                done->total[r * done->stride + c];
}

/* A panel's ends. */
static float *end_of(float *b, size_t groups, size_t j, size_t which)
{
    return b + j / QUELL_PANEL * quell_byte_panel(groups) + groups * QUELL_PANEL +
           which * QUELL_PANEL + j % QUELL_PANEL;
}

struct sizes {
    size_t m, n, k;
};

/* ends: elements and weights are all 127 or -127. */
static void check_product(const struct quell_byte_kernels *b, const struct sizes *is, int ends,
                          int biased, int turned)
{
    size_t groups = (is->k + 3) / 4, panels = (is->n + QUELL_PANEL - 1) / QUELL_PANEL;
    float *x = calloc(is->m * is->k, sizeof *x), *y = calloc(is->m * is->n, sizeof *y);
    void *a = calloc(is->m * groups * 4, 2);
    int *w = calloc(is->n * is->k, sizeof *w);
    float *panel = calloc(panels * quell_byte_panel(groups), sizeof *panel);
    float *step = calloc(is->m, sizeof *step);
    size_t *left = calloc(groups, sizeof *left);
    for (size_t g = 0; g < groups; g++) left[g] = 4 * g;
    for (size_t i = 0; i < is->m; i++) {
        step[i] = real() / 16;
        for (size_t p = 0; p < is->k; p++)
            x[i * is->k + p] = ends ? (i % 2 ? -127 : 127) : (float)(int)(chance() % 255) - 127;
        b->quantise(is->k, x + i * is->k, 1, (unsigned char *)a + i * groups * 4 * b->width);
    }
    for (size_t j = 0; j < is->n; j++) {
        int32_t sum = 0;
        for (size_t p = 0; p < is->k; p++) {
            int weight = ends ? (j % 3 ? 127 : -127) : (int)(chance() % 255) - 127;
            w[j * is->k + p] = weight;
            sum += weight;
            ((signed char *)(panel + j / QUELL_PANEL *
                                         quell_byte_panel(groups)))[p / 4 * 4 * QUELL_PANEL +
                                                                    j % QUELL_PANEL * 4 + p % 4] =
                (signed char)weight;
        }
        memcpy(end_of(panel, groups, j, 0), &sum, sizeof sum);
        *end_of(panel, groups, j, 1) = real();
        *end_of(panel, groups, j, 2) = real();
    }
    struct results results = {y, turned ? is->m : is->n};
    b->dots(&(struct quell_byte_dots){.m = is->m,
                                      .n = is->n,
                                      .groups = groups,
                                      .a = a,
                                      .a_row = groups * 4,
                                      .left = left,
                                      .b = panel,
                                      .biased = biased,
                                      .step = step,
                                      .step_row = 1,
                                      .turn = turned ? quell_kernels_at(0)->turn : NULL,
                                      .finish = finish,
                                      .user = &results});
    for (size_t i = 0; i < is->m; i++)
        for (size_t j = 0; j < is->n; j++) {
            int64_t sum = 0;
            for (size_t p = 0; p < is->k; p++) sum += (int64_t)x[i * is->k + p] * w[j * is->k + p];
            float t = (float)sum * step[i], scale = *end_of(panel, groups, j, 1);
            float right = biased ? fmaf(t, scale, *end_of(panel, groups, j, 2)) : t * scale;
            float got = turned ? y[j * is->m + i] : y[i * is->n + j];
            CHECK(got == right, "%s: %zu x %zu x %zu: (%zu, %zu) is %a, not %a", b->isa, is->m,
                  is->n, is->k, i, j, (double)got, (double)right);
        }
    free(x), free(y), free(a), free(w), free(panel), free(step), free(left);
}

TEST(bytes, products)
{
    EACH_TABLE(b)
    {
        for (size_t trial = 0; trial < 60; trial++) {
            struct sizes sizes = {1 + chance() % 30, 1 + chance() % 70, 1 + chance() % 40};
            if (trial % 10 == 0) sizes.n = 257;
            if (trial % 10 == 1) sizes.m = 257;
            if (trial % 10 == 2) sizes.k = 257;
            if (trial % 10 == 3) sizes.k = 1;
            if (trial % 10 == 4) sizes.m = sizes.n = 1;
            check_product(b, &sizes, trial % 4 == 3, trial % 2, trial % 3 == 0);
        }
        /* The longest sums that are allowed, of the greatest products, do not overflow. */
        check_product(b, &(struct sizes){3, 4, 131072}, 1, 0, 0);
    }
}
