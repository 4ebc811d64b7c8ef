/* SPDX-License-Identifier: MIT */
/* The kernels for bfloat16 numbers, each that this machine can run, against loops written from
 * docs/programs.md: rounding, packing, and sums at which other orders and roundings differ. */
#include "base/half.h"
#include "harness.h"
#include "simd/bytes.h"

#include <math.h>
#include <string.h>

#define EACH_TABLE(b)                                                      \
    const struct quell_byte_kernels *b;                                    \
    for (size_t number = 0; (b = quell_half_kernels_at(number)); number++) \
        if (quell_half_kernels_available(b))

static uint64_t state = 1;

static uint32_t chance(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* Any float, near 1 more often than not; few of them are no numbers, or very small. */
static float any(void)
{
    static const float special[] = {0,        -0.0f,     0x1p-56f,    0x1.fffffep-57f, -0x1p-149f,
                                    INFINITY, -INFINITY, 0x1.ffp127f, 0x1.fefffep0f,   0x1.01p0f};
    if (chance() % 64 == 0) return special[chance() % 10];
    if (chance() % 128 == 0) return NAN;
    uint32_t exponent = chance() % 4 ? 115 + chance() % 24 : chance() % 255;
    return quell_from_bits((chance() & 0x807FFFFF) | exponent << 23);
}

static float rounded(float x)
{
    if (fabsf(x) < 0x1p-56f) return 0;
    return quell_from_bfloat(quell_to_bfloat(x));
}

/* Zeros of both signs are the same in all products. */
static int same(float a, float b) { return a == b || (isnan(a) && isnan(b)); }

/* An element of a left side, whatever the kernels store it as. */
static float element(const struct quell_byte_kernels *b, const void *at, size_t i)
{
    if (b->width == 4) return ((const float *)at)[i];
    return quell_from_bfloat(((const uint16_t *)at)[i]);
}

static float weight_at(const uint32_t *panel, size_t j, size_t p)
{
    uint32_t word = panel[p / 2 * QUELL_PANEL + j];
    return quell_from_bits(p % 2 ? word & 0xFFFF0000u : word << 16);
}

TEST(halves, rounding)
{
    static float x[300], out[400];
    EACH_TABLE(b)
    {
        for (size_t count = 1; count < 300; count++) {
            size_t whole = (count + 1) / 2 * 2;
            for (size_t i = 0; i < count; i++) x[i] = any();
            memset(out, 99, sizeof out);
            b->quantise(count, x, 0, out);
            for (size_t i = 0; i < whole; i++)
                CHECK(same(element(b, out, i), i < count ? rounded(x[i]) : 0),
                      "%s: %a of %zu became %a", b->isa, (double)x[i], count,
                      (double)element(b, out, i));
            CHECK(((unsigned char *)out)[whole * b->width] == 99, "%s: wrote too much", b->isa);
        }
    }
}

TEST(halves, rounding_turned)
{
    static float x[40 * 70], out[70 * 48];
    EACH_TABLE(b)
    {
        for (size_t trial = 0; trial < 60; trial++) {
            size_t channels = 1 + chance() % 40, count = 1 + chance() % 60,
                   row = (channels + 1) / 2 * 2;
            for (size_t i = 0; i < 40 * 70; i++) x[i] = any();
            memset(out, 99, sizeof out);
            b->quantise_turned(count, channels, x, 70, 0, out, row);
            for (size_t i = 0; i < count * row; i++)
                CHECK(same(element(b, out, i),
                           i % row < channels ? rounded(x[i % row * 70 + i / row]) : 0),
                      "%s: channel %zu", b->isa, i % row);
            CHECK(((unsigned char *)out)[count * row * b->width] == 99, "%s: wrote too much",
                  b->isa);
        }
    }
}

TEST(halves, packing)
{
    enum { ROW = 40 };
    static float x[60 * ROW];
    static uint32_t panel[32 * QUELL_PANEL];
    EACH_TABLE(b)
    {
        for (size_t trial = 0; trial < 100; trial++) {
            size_t rows = 1 + chance() % 58, columns = 1 + chance() % QUELL_PANEL;
            for (size_t i = 0; i < rows * ROW; i++) x[i] = any();
            memset(panel, 99, sizeof panel);
            b->pack_rows(rows, columns, x, ROW, NULL, (signed char *)panel, NULL);
            for (size_t i = 0; i < (rows + 1) / 2 * 2 * columns; i++) {
                size_t p = i / columns, c = i % columns;
                CHECK(same(weight_at(panel, c, p), p < rows ? rounded(x[p * ROW + c]) : 0),
                      "%s: row %zu of %zu", b->isa, p, rows);
            }
            CHECK(panel[(rows + 1) / 2 * QUELL_PANEL] == 0x63636363, "%s: wrote too much", b->isa);
            memset(panel, 99, sizeof panel);
            b->pack_row(rows, x, 0, (signed char *)(panel + columns - 1));
            for (size_t p = 0; p < (rows + 1) / 2 * 2; p++)
                CHECK(same(weight_at(panel, columns - 1, p), p < rows ? rounded(x[p]) : 0),
                      "%s: element %zu of %zu", b->isa, p, rows);
            CHECK(panel[(rows + 1) / 2 * QUELL_PANEL + columns - 1] == 0x63636363,
                  "%s: wrote too much", b->isa);
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
        memcpy(results->y + (done->row + r) * results->columns + done->column,
               done->total + r * done->stride, done->columns * sizeof *results->y);
}

/* The result of a row of x and a row of w, element by element. */
static float result_of(size_t count, const float *x, const float *w, const float *bias)
{
    float sum = 0;
    for (size_t p = 0; p < (count + 1) / 2 * 2; p += 2) {
        if (p + 1 < count) sum = fmaf(rounded(x[p + 1]), rounded(w[p + 1]), sum);
        sum = fmaf(rounded(x[p]), rounded(w[p]), sum);
    }
    return bias ? sum + *bias : sum;
}

/* Numbers whose sums cancel, lie where the processor would flush them, or grow beyond floats. */
static float factor(size_t trial)
{
    static const int least[] = {-3, -56, -56, 40, -30}, span[] = {6, 3, 8, 30, 60};
    int exponent = least[trial % 5] + (int)(chance() % (uint32_t)span[trial % 5]);
    float size = ldexpf(1 + (float)(chance() % 128) / 128, exponent);
    if (trial % 7 == 6 && chance() % 200 == 0) return any();
    return chance() % 2 ? size : -size;
}

TEST(halves, sums)
{
    enum { ROWS = 50, COLUMNS = 70, MOST = 90 };
    static float x[ROWS * MOST], w[COLUMNS * MOST], y[ROWS * COLUMNS], bias[COLUMNS];
    static float a[ROWS * (MOST + 1)], b_panels[3 * ((MOST + 1) * QUELL_PANEL + QUELL_PANEL_ENDS)];
    EACH_TABLE(b)
    {
        state = 7;
        for (size_t trial = 0; trial < 120; trial++) {
            size_t rows = 1 + chance() % ROWS, columns = 1 + chance() % COLUMNS;
            size_t count = 1 + chance() % MOST, groups = (count + 1) / 2, left[MOST];
            for (size_t i = 0; i < rows * count; i++) x[i] = factor(trial);
            for (size_t i = 0; i < columns * count; i++) w[i] = factor(trial);
            for (size_t i = 0; i < columns; i++) bias[i] = factor(trial);
            for (size_t g = 0; g < groups; g++) left[g] = 2 * g;
            for (size_t r = 0; r < rows; r++)
                b->quantise(count, x + r * count, 0, (char *)a + r * groups * 2 * b->width);
            memset(b_panels, 0, sizeof b_panels);
            for (size_t j = 0; j < columns; j++) {
                float *panel = b_panels + j / QUELL_PANEL * quell_byte_panel(groups);
                float *end = panel + groups * QUELL_PANEL + j % QUELL_PANEL;
                b->pack_row(count, w + j * count, 0, (signed char *)(panel + j % QUELL_PANEL));
                end[2 * QUELL_PANEL] = bias[j];
            }
            struct results results = {y, columns};
            b->dots(&(struct quell_byte_dots){.m = rows,
                                              .n = columns,
                                              .groups = groups,
                                              .a = a,
                                              .a_row = groups * 2,
                                              .left = left,
                                              .b = b_panels,
                                              .biased = trial % 2,
                                              .finish = finish,
                                              .user = &results});
            for (size_t i = 0; i < rows * columns; i++) {
                size_t j = i % columns;
                float right = result_of(count, x + i / columns * count, w + j * count,
                                        trial % 2 ? &bias[j] : NULL);
                CHECK(same(y[i], right) && !signbit(y[i]) == !signbit(right),
                      "%s: trial %zu: %a, not %a", b->isa, trial, (double)y[i], (double)right);
            }
        }
    }
}
