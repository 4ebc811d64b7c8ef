/* SPDX-License-Identifier: MIT */
/* The functions of programs (simd/kernels/functions.inl): near their formulas, and the same bits on
 * every instruction set, at every place in a vector. */
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define COUNT 83

static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

static double exactly(enum quell_function function, double x)
{
    switch (function) {
    case QUELL_FUNCTION_EXP:
        return exp(x);
    case QUELL_FUNCTION_EXPM1:
        return expm1(x);
    case QUELL_FUNCTION_GELU:
        return x * 0.5 * erfc(-x * 0.70710678118654752440);
    case QUELL_FUNCTION_GELU_TANH:
        return x * 0.5 * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
    case QUELL_FUNCTION_MISH:
        return x * tanh(softplus(x));
    case QUELL_FUNCTION_SELU:
        return 1.0507009873554804934 * (x > 0 ? x : 1.6732632423543772848 * expm1(x));
    case QUELL_FUNCTION_SIGMOID:
        return 1 / (1 + exp(-x));
    case QUELL_FUNCTION_SILU:
        return x / (1 + exp(-x));
    case QUELL_FUNCTION_SOFTPLUS:
        return softplus(x);
    default:
        return tanh(x);
    }
}

/* x runs through numbers of every size, both signs, up to 100. */
static float number(uint32_t i)
{
    float x = 0x1p-20f * (float)(1 + i % 4096) * (float)(1u << i / 4096 % 15);
    return i & 1 ? -x : x;
}

/* exp, expm1, tanh, mish and softplus keep their digits where they are small, too. */
static double bound_of(enum quell_function function, double right)
{
    bool relative = function == QUELL_FUNCTION_EXP || function == QUELL_FUNCTION_EXPM1 ||
                    function == QUELL_FUNCTION_TANH;
    if (relative && fabs(right) > 1e-30) return 5e-7 * fabs(right);
    return 3e-7 * fmax(1, fabs(right));
}

TEST(kernels, functions_are_near_their_formula)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (int f = 0; f < QUELL_FUNCTIONS; f++)
            for (uint32_t first = 0; first < 61440; first += COUNT) {
                float x[COUNT], y[COUNT];
                for (uint32_t i = 0; i < COUNT; i++) y[i] = x[i] = number(first + i);
                k->function[f](y, COUNT);
                for (size_t i = 0; i < COUNT; i++) {
                    double right = exactly((enum quell_function)f, (double)x[i]);
                    double bound = bound_of((enum quell_function)f, right);
                    if (right > 3.4e38) continue;
                    CHECK(fabs((double)y[i] - right) <= bound,
                          "%s: function %d of %a is %a, not %a", k->isa, f, (double)x[i],
                          (double)y[i], right);
                }
            }
}

TEST(kernels, functions_have_the_same_bits_everywhere)
{
    for (int f = 0; f < QUELL_FUNCTIONS; f++)
        for (uint32_t first = 0; first < 61440; first += 10 * COUNT) {
            float x[COUNT], right[COUNT], y[COUNT + 1];
            for (uint32_t i = 0; i < COUNT; i++) right[i] = x[i] = number(first + i);
            isa_after(NULL)->function[f](right, COUNT);
            for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
                for (size_t count = 0; count <= COUNT; count += 1 + first % 7) {
                    memcpy(y, x, sizeof x);
                    k->function[f](y, count);
                    CHECK(!memcmp(y, right, count * sizeof *y), "%s: function %d, %zu", k->isa, f,
                          count);
                    CHECK(count == COUNT || y[count] == x[count], "%s: wrote behind", k->isa);
                }
        }
}

TEST(kernels, functions_at_the_ends)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (int f = 0; f < QUELL_FUNCTIONS; f++) {
            float x[] = {NAN, 1e30f, -1e30f, 0};
            k->function[f](x, 4);
            CHECK(isnan(x[0]), "%s: function %d loses a NaN", k->isa, f);
            double high = exactly((enum quell_function)f, 1e30);
            CHECK((double)x[1] == high || fabs((double)x[1] / high - 1) < 1e-6,
                  "%s: function %d of 1e30 is %g", k->isa, f, (double)x[1]);
            CHECK(fabs((double)x[2] - exactly((enum quell_function)f, -1e30)) < 1e-6,
                  "%s: function %d of -1e30 is %g", k->isa, f, (double)x[2]);
            CHECK(fabs((double)x[3] - exactly((enum quell_function)f, 0)) < 2e-7,
                  "%s: function %d of 0 is %g", k->isa, f, (double)x[3]);
        }
}
