/* SPDX-License-Identifier: MIT */
/* The order of sums to the bit, written once more from docs/programs.md, and what error it
 * leaves. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "programs/sums.h"

/* Dot as the specification says it. */
static float dot_again(size_t k, const float *a, const float *b)
{
    size_t block = k <= 4096 ? 128 : k <= 16384 ? 256 : 512;
    float total = 0;
    for (size_t from = 0; from < k; from += block) {
        float s = 0;
        for (size_t p = from; p < from + block && p < k; p++) s = fmaf(a[p], b[p], s);
        total = total + s;
    }
    return total;
}

/* Sum, or Squares, as the specification says it. */
static float sum_again(size_t n, const float *x, bool squares)
{
    if (n <= 1024) {
        float s[16] = {0};
        for (size_t i = 0; i < n; i++)
            s[i % 16] = squares ? fmaf(x[i], x[i], s[i % 16]) : s[i % 16] + x[i];
        for (int l = 0; l < 8; l++) s[l] = s[l] + s[l + 8];
        for (int l = 0; l < 4; l++) s[l] = s[l] + s[l + 4];
        s[0] = s[0] + s[2], s[1] = s[1] + s[3];
        return s[0] + s[1];
    }
    size_t blocks = (n + 1023) / 1024;
    float *sums = malloc(blocks * sizeof *sums);
    for (size_t i = 0; i < blocks; i++)
        sums[i] = sum_again(n - i * 1024 < 1024 ? n - i * 1024 : 1024, x + i * 1024, squares);
    float sum = sum_again(blocks, sums, false);
    free(sums);
    return sum;
}

static float *random_floats(struct chance *chance, size_t count)
{
    float *x = malloc(count * sizeof *x);
    for (size_t i = 0; i < count; i++) x[i] = (float)chance_real(chance);
    return x;
}

TEST(program_sums, dot_is_in_blocks)
{
    static const size_t counts[] = {1,    2,    127,  128,  129,  255,   256,   257,
                                    1000, 4095, 4096, 4097, 9216, 16384, 16385, 40000};
    struct chance chance = {31};
    float *a = random_floats(&chance, 40000), *b = random_floats(&chance, 40000);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        float got = quell_dot(counts[i], a, 1, b, 1), right = dot_again(counts[i], a, b);
        CHECK(got == right, "k = %zu: %a, not %a", counts[i], (double)got, (double)right);
    }
    free(a);
    free(b);
}

TEST(program_sums, sum_is_a_tree)
{
    static const size_t counts[] = {
        1,      2, 15, 16, 17, 1023, 1024, 1025, 2048, 5000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1,
        1100000};
    struct chance chance = {32};
    float *x = random_floats(&chance, 1100000);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        float got = quell_sum(counts[i], x), right = sum_again(counts[i], x, false);
        CHECK(got == right, "%zu: %a, not %a", counts[i], (double)got, (double)right);
        got = quell_squares(counts[i], x), right = sum_again(counts[i], x, true);
        CHECK(got == right, "squares, %zu: %a, not %a", counts[i], (double)got, (double)right);
    }
    free(x);
}

/* Positive numbers are the worst case: every rounding is of a sum that only grows. One chain would
 * be 1.9e-6 off at k = 16384, and PyTorch is 1.4e-7 off (tests/reference/sums.py). */
TEST(program_sums, error_does_not_grow)
{
    struct chance chance = {33};
    for (size_t k = 16; k <= 16384; k *= 4) {
        double error = 0;
        const size_t trials = by_effort(16, 64, 64);
        for (size_t trial = 0; trial < trials; trial++) {
            float *a = random_floats(&chance, k), *b = random_floats(&chance, k);
            double right = 0;
            for (size_t p = 0; p < k; p++) {
                a[p] = fabsf(a[p]), b[p] = fabsf(b[p]);
                right += (double)a[p] * (double)b[p];
            }
            error += pow((double)quell_dot(k, a, 1, b, 1) / right - 1, 2) / (double)trials;
            free(a);
            free(b);
        }
        CHECK(sqrt(error) < 2e-7, "k = %zu: %g off", k, sqrt(error));
    }
}

/* y of linear, and of a conv over (tap, channel), are those Dots plus the bias, to the bit. */
TEST(program_sums, products_are_dots)
{
    static const size_t counts[] = {1, 3, 127, 128, 129, 300, 4096, 4097, 5000};
    struct chance chance = {34};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        size_t k = counts[i], x_size[] = {3, k}, w_size[] = {5, k}, out = 5;
        struct array a[] = {array_random(&chance, 2, x_size), array_random(&chance, 2, w_size),
                            array_random(&chance, 1, &out)};
        struct array y = run_instruction("{'linear': ['a', 'b', 'c']}", 3, a, 6);
        float *x = malloc(k * sizeof *x), *w = malloc(k * sizeof *w);
        for (size_t j = 0; j < y.count; j++) {
            for (size_t p = 0; p < k; p++) x[p] = (float)a[0].at[j / 5 * k + p];
            for (size_t p = 0; p < k; p++) w[p] = (float)a[1].at[j % 5 * k + p];
            float right = dot_again(k, x, w) + (float)a[2].at[j % 5];
            CHECK(y.at[j] == (double)right, "k = %zu, %zu: %a, not %a", k, j, y.at[j],
                  (double)right);
        }
        free(x);
        free(w);
        for (int n = 0; n < 3; n++) array_free(&a[n]);
        array_free(&y);
    }
}

TEST(program_sums, conv_is_a_dot_over_tap_and_channel)
{
    static const size_t channels[] = {1, 2, 43, 100, 1400};
    struct chance chance = {35};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        size_t c = channels[i], x_size[] = {c, 6}, w_size[] = {2, c, 3}, k = 3 * c;
        struct array a[] = {array_random(&chance, 2, x_size), array_random(&chance, 3, w_size)};
        struct array y =
            run_instruction("{'conv': ['a', 'b'], 'before': [1], 'after': [1]}", 2, a, 2);
        float *x = malloc(k * sizeof *x), *w = malloc(k * sizeof *w);
        for (size_t j = 0; j < y.count; j++) {
            for (size_t p = 0; p < k; p++) {
                size_t tap = p / c, channel = p % c, at = j % 6 + tap; /* one too far right */
                bool inside = at >= 1 && at <= 6;
                x[p] = inside ? (float)a[0].at[channel * 6 + at - 1] : 0;
                w[p] = (float)a[1].at[(j / 6 * c + channel) * 3 + tap];
            }
            float right = dot_again(k, x, w);
            CHECK(y.at[j] == (double)right, "%zu channels, %zu: %a, not %a", c, j, y.at[j],
                  (double)right);
        }
        free(x);
        free(w);
        array_free(&a[0]);
        array_free(&a[1]);
        array_free(&y);
    }
}

/* An output of a transposed convolution is the Dot over the taps that reach it, in ascending order,
 * with the channel fastest; what comes from outside x is 0. Stride 2, four taps, 1 before. */
TEST(program_sums, conv_transpose_is_a_dot_over_reaching_taps)
{
    enum { SIZE = 5, TAPS = 4, MADE = (SIZE - 1) * 2 + TAPS - 2 };
    static const size_t channels[] = {1, 3, 65, 2100};
    struct chance chance = {36};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        size_t c = channels[i], x_size[] = {c, SIZE}, w_size[] = {c, 2, TAPS};
        struct array a[] = {array_random(&chance, 2, x_size), array_random(&chance, 3, w_size)};
        struct array y = run_instruction("{'conv_transpose': ['a', 'b'], 'stride': [2], 'before': "
                                         "[1], 'after': [1]}",
                                         2, a, 2);
        float *x = malloc(2 * c * sizeof *x), *w = malloc(2 * c * sizeof *w);
        for (size_t j = 0; j < y.count; j++) {
            size_t o = j / MADE, k = 0;
            for (int tap = 0; tap < TAPS; tap++) {
                int reached = (int)(j % MADE) + 1 - tap, from = reached / 2;
                if (reached % 2) continue;
                for (size_t n = 0; n < c; n++, k++) {
                    bool inside = reached >= 0 && from < SIZE;
                    x[k] = inside ? (float)a[0].at[n * SIZE + (size_t)from] : 0;
                    w[k] = (float)a[1].at[(n * 2 + o) * TAPS + (size_t)tap];
                }
            }
            float right = dot_again(k, x, w);
            CHECK(y.at[j] == (double)right, "%zu channels, %zu: %a, not %a", c, j, y.at[j],
                  (double)right);
        }
        free(x);
        free(w);
        array_free(&a[0]);
        array_free(&a[1]);
        array_free(&y);
    }
}

/* Products that are too small for a float leave a chain of -0; a total starts from +0, so that a
 * bias of -0 does not bring the sign back. Rows enough for tiles of many. */
TEST(program_sums, totals_start_from_plus_zero)
{
    size_t x_size[] = {24, 3}, w_size[] = {16, 3}, out = 16;
    struct array a[] = {array_new(2, x_size), array_new(2, w_size), array_new(1, &out)};
    for (size_t i = 0; i < a[0].count; i++) a[0].at[i] = 0x1p-100;
    for (size_t i = 0; i < a[1].count; i++) a[1].at[i] = -0x1p-100;
    for (size_t i = 0; i < out; i++) a[2].at[i] = i % 2 ? -0.0 : 0.0;
    struct array y = run_instruction("{'linear': ['a', 'b', 'c']}", 3, a, 6);
    for (size_t i = 0; i < y.count; i++)
        CHECK(y.at[i] == 0 && !signbit(y.at[i]), "element %zu: %a", i, y.at[i]);
    for (int n = 0; n < 3; n++) array_free(&a[n]);
    array_free(&y);
}
