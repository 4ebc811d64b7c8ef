/* SPDX-License-Identifier: MIT */
/* What the element-wise kernels compute, compared with their definitions: chains of fmaf for
 * combine, double precision for the Gaussians, SLEEF for the exponential. */
#include "effort.h"
#include "harness.h"
#include "isas.h"

#include <float.h>
#include <math.h>
#include <sleef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 83

static float number(uint32_t *state, float low, float high)
{
    *state = *state * 1664525u + 1013904223u;
    return low + (high - low) * (float)(*state >> 8) * 0x1p-24f;
}

static void numbers(float *out, size_t count, float low, float high, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) out[i] = number(&seed, low, high);
}

TEST(kernels, combine_is_its_chain)
{
    float in[QUELL_MAX_INPUTS][COUNT], c[QUELL_MAX_INPUTS], out[COUNT];
    const float *from[QUELL_MAX_INPUTS];
    numbers(in[0], QUELL_MAX_INPUTS * COUNT, -3, 3, 5);
    numbers(c, QUELL_MAX_INPUTS, -2, 2, 7);
    for (size_t k = 0; k < QUELL_MAX_INPUTS; k++) from[k] = in[k];
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t inputs = 1; inputs <= QUELL_MAX_INPUTS; inputs++) {
            k->combine(out, COUNT, inputs, c, from);
            for (size_t i = 0; i < COUNT; i++) {
                volatile float sum = c[0] * in[0][i];
                for (size_t j = 1; j < inputs; j++) sum = fmaf(c[j], in[j][i], sum);
                CHECK(out[i] == sum, "%s: %zu inputs, element %zu: %a, not %a", k->isa, inputs, i,
                      (double)out[i], (double)sum);
            }
            k->update(out, COUNT, inputs, c, from);
            for (size_t i = 0; i < COUNT; i++) {
                volatile float sum = c[0] * in[0][i];
                for (size_t j = 1; j < inputs; j++) sum = fmaf(c[j], in[j][i], sum);
                sum = in[0][i] + sum;
                CHECK(out[i] == sum, "%s: update %zu, element %zu: %a, not %a", k->isa, inputs, i,
                      (double)out[i], (double)sum);
            }
        }
}

/* 1 x + 1 y with x[at] = bad. */
static int combine_with(const struct quell_kernels *k, size_t count, size_t at, float bad, float y)
{
    float a[COUNT], b[COUNT], out[COUNT];
    for (size_t i = 0; i < count; i++) a[i] = FLT_MAX, b[i] = y;
    a[at] = bad;
    return k->combine(out, count, 2, (const float[]){1, 1}, (const float *const[]){a, b});
}

TEST(kernels, combine_sees_what_is_not_finite)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t count = 1; count <= COUNT; count++)
            for (size_t at = 0; at < count; at++) {
                CHECK(combine_with(k, count, at, 1, -1) == 0, "%s: false alarm", k->isa);
                CHECK(combine_with(k, count, at, INFINITY, 0) == 1, "%s: inf at %zu", k->isa, at);
                CHECK(combine_with(k, count, at, -INFINITY, 0) == 1, "%s: -inf", k->isa);
                CHECK(combine_with(k, count, at, NAN, 0) == 1, "%s: NaN at %zu", k->isa, at);
            }
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        CHECK(combine_with(k, 40, 7, 0, FLT_MAX) == 1, "%s: an overflow went by", k->isa);
        CHECK(k->combine(NULL, 0, 1, (const float[]){1}, (const float *const[]){NULL}) == 0,
              "%s: nothing is finite", k->isa);
    }
}

TEST(kernels, clamp_keeps_nan_and_bounds)
{
    const float in[] = {-INFINITY, -2, -1, -0.5f, 0, 0.5f, 0.75f, INFINITY, 1e-40f};
    const float expected[] = {-1, -1, -1, -0.5f, 0, 0.5f, 0.5f, 0.5f, 1e-40f};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t shift = 0; shift < 40; shift++) {
            float x[64];
            for (size_t i = 0; i < 64; i++) x[i] = in[i % 9];
            x[shift] = NAN;
            k->clamp(x, 60, -1, 0.5f);
            for (size_t i = 0; i < 64; i++) {
                float want = i < 60 ? expected[i % 9] : in[i % 9];
                CHECK(i == shift ? isnan(x[i]) : x[i] == want, "%s: element %zu: %g", k->isa, i,
                      (double)x[i]);
            }
        }
}

/* |a - b| in units of the last place of `scale`. */
static double ulps(double a, double b, double scale)
{
    int exponent;
    frexp(scale, &exponent);
    return fabs(a - b) / ldexp(1, exponent - 24);
}

TEST(kernels, gaussians_are_posterior_means)
{
    float x[COUNT], mean[COUNT], variance[COUNT], out[COUNT];
    numbers(x, COUNT, -4, 4, 1);
    numbers(mean, COUNT, -1, 1, 2);
    numbers(variance, COUNT, 0, 3, 3);
    variance[5] = 0;
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (int step = 0; step <= 10; step++) {
            float alpha = (float)cos(0.157 * step), sigma = (float)sin(0.157 * step);
            k->gaussian_diagonal(out, x, COUNT, mean, variance, alpha, sigma, 0);
            for (size_t i = 0; i < COUNT; i++) {
                double a = (double)alpha, s = (double)sigma, v = (double)variance[i];
                double m = (double)mean[i], gain = v > 0 ? a * v / (a * a * v + s * s) : 0;
                double true_mean = m + gain * ((double)x[i] - a * m);
                double scale = fabs(m) + gain * (fabs((double)x[i]) + fabs(a * m));
                CHECK(ulps((double)out[i], true_mean, scale) < 3, "%s: diagonal %zu: %g, not %g",
                      k->isa, i, (double)out[i], true_mean);
            }
            k->gaussian(out, x, COUNT, mean, alpha, 0.75f);
            for (size_t i = 0; i < COUNT; i++) {
                double a = (double)alpha, m = (double)mean[i], d = (double)x[i] - a * m;
                CHECK(ulps((double)out[i], m + 0.75 * d, fabs(m) + 0.75 * fabs(d)) < 1.5,
                      "%s: element %zu: %g, not %g", k->isa, i, (double)out[i], m + 0.75 * d);
            }
        }
}

/* The order of operations that the promise about bits rests on. */
TEST(kernels, gaussians_are_their_chains)
{
    float x[COUNT], mean[COUNT], variance[COUNT], out[COUNT], each[COUNT];
    const float alpha = 0.6f, sigma = 0.8f, gain = 0.3f;
    numbers(x, COUNT, -4, 4, 1);
    numbers(mean, COUNT, -1, 1, 2);
    numbers(variance, COUNT, 0.1f, 3, 3);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        k->gaussian(out, x, COUNT, mean, alpha, gain);
        k->gaussian_diagonal(each, x, COUNT, mean, variance, alpha, sigma, 0);
        for (size_t i = 0; i < COUNT; i++) {
            float alpha2 = (float)((double)alpha * (double)alpha);
            float sigma2 = (float)((double)sigma * (double)sigma);
            float own = alpha * variance[i] / fmaf(alpha2, variance[i], sigma2);
            float rest = fmaf(-alpha, mean[i], x[i]);
            CHECK(out[i] == fmaf(gain, rest, mean[i]), "%s: element %zu", k->isa, i);
            float due = fmaf(own, rest, mean[i]);
            if (sigma2 < alpha2 * variance[i]) { /* nearer to x / alpha than to the mean */
                float less = (float)((1 - (double)alpha) / (double)alpha);
                float lost = (float)(-(double)sigma * (double)sigma / (double)alpha);
                due = x[i] + fmaf(lost / fmaf(alpha2, variance[i], sigma2), rest, less * x[i]);
            }
            CHECK(each[i] == due, "%s: diagonal, element %zu", k->isa, i);
        }
    }
}

TEST(kernels, affine_is_one_multiply_add)
{
    float x[COUNT], scale[COUNT], shift[COUNT], out[COUNT];
    numbers(x, COUNT, -4, 4, 1);
    numbers(scale, COUNT, -1, 1, 2);
    numbers(shift, COUNT, -3, 3, 3);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        k->affine(out, x, COUNT, scale, shift);
        for (size_t i = 0; i < COUNT; i++)
            CHECK(out[i] == fmaf(scale[i], x[i], shift[i]), "%s: element %zu", k->isa, i);
    }
}

/* x + exp(a + b v) z: from SLEEF within rounding, a chain of the kernels' own to the last bit. */
TEST(kernels, spread_is_its_chain)
{
    float x[COUNT], v[COUNT], z[COUNT], out[COUNT], log_scale[COUNT], scale[COUNT];
    const float a = -4.25f, b = 5.5f;
    numbers(x, COUNT, -2, 2, 1);
    numbers(v, COUNT, -1.25f, 1.25f, 2);
    numbers(z, COUNT, -4, 4, 3);
    v[9] = 100; /* held to exp(88) */
    for (size_t i = 0; i < COUNT; i++) log_scale[i] = fminf(fmaf(b, v[i], a), 88);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        memcpy(out, x, sizeof x);
        CHECK(k->spread(out, COUNT, a, b, v, z) == 0, "%s: a false alarm", k->isa);
        k->exponential(scale, log_scale, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            double grown = Sleef_exp_u10((double)log_scale[i]) * (double)z[i];
            double right = (double)x[i] + grown;
            CHECK(out[i] == fmaf(scale[i], z[i], x[i]), "%s: element %zu", k->isa, i);
            CHECK(ulps((double)out[i], right, fabs(grown) + fabs((double)x[i])) < 2,
                  "%s: element %zu is %g, not %g", k->isa, i, (double)out[i], right);
        }
    }
}

TEST(kernels, spread_sees_what_is_not_finite)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t at = 0; at < COUNT; at++)
            for (size_t which = 0; which < 3; which++) {
                float all[3][COUNT] = {{0}};
                all[which][at] = NAN;
                CHECK(k->spread(all[0], COUNT, 0, 1, all[1], all[2]) == 1,
                      "%s: NaN in input %zu, element %zu", k->isa, which, at);
            }
}

#define SWEEP 64

/* Every 9973rd float (or with QUELL_LONG every one) from -0 down to -87.3 and from 0 to 88. */
static double worst_exponential(const struct quell_kernels *k, uint32_t begin, float end,
                                uint32_t step)
{
    double worst = 0;
    for (uint32_t bits = begin;; bits += SWEEP * step) {
        float x[SWEEP], y[SWEEP];
        for (uint32_t i = 0; i < SWEEP; i++) {
            uint32_t at = bits + i * step;
            memcpy(&x[i], &at, sizeof at);
            if (fabsf(x[i]) > fabsf(end)) x[i] = end;
        }
        k->exponential(y, x, SWEEP);
        for (size_t i = 0; i < SWEEP; i++) {
            double truth = Sleef_exp_u10((double)x[i]), error = ulps((double)y[i], truth, truth);
            if (!(error <= worst)) worst = error;
        }
        if (x[SWEEP - 1] == end) return worst;
    }
}

TEST(kernels, exponential_within_an_ulp)
{
    uint32_t step = is_long() ? 1 : 9973;
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        double below = worst_exponential(k, 0x80000000u, -87.3365f, step);
        double above = worst_exponential(k, 0, 88.0f, step);
        CHECK(below < 0.9 && above < 0.9, "%s: %g and %g ulp", k->isa, below, above);
    }
}

TEST(kernels, exponential_at_the_edges)
{
    const float in[] = {-INFINITY, -FLT_MAX, -1000, -88, -87.34f, 0, -0.0f, NAN};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        float x[37], out[37];
        for (size_t i = 0; i < 37; i++) x[i] = in[i % 8];
        k->exponential(out, x, 37);
        for (size_t i = 0; i < 37; i++) {
            float want = i % 8 < 5 ? 0.0f : 1.0f;
            CHECK(i % 8 == 7 ? isnan(out[i]) : out[i] == want && !signbit(out[i]),
                  "%s: exp(%g) = %g", k->isa, (double)x[i], (double)out[i]);
        }
    }
}
