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

/* Those of one operand that are not exactly rounded, and the two that are made of others. */
static const enum quell_map_function functions[] = {
    QUELL_MAP_EXP,     QUELL_MAP_EXPM1, QUELL_MAP_GELU,  QUELL_MAP_GELU_TANH,
    QUELL_MAP_MISH,    QUELL_MAP_RELU,  QUELL_MAP_RELU2, QUELL_MAP_SELU,
    QUELL_MAP_SIGMOID, QUELL_MAP_SILU,  QUELL_MAP_TANH,  QUELL_MAP_SOFTPLUS};
#define FUNCTIONS (sizeof functions / sizeof *functions)

/* x[0 ... count) becomes f(x). */
static void apply(const struct quell_kernels *k, enum quell_map_function f, float *x, size_t count)
{
    const struct quell_map map = {1, count, x, count, {x}, {count}, {1}};
    k->map[f](&map);
}

static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

static double exactly(enum quell_map_function function, double x)
{
    switch (function) {
    case QUELL_MAP_EXP:
        return exp(x);
    case QUELL_MAP_EXPM1:
        return expm1(x);
    case QUELL_MAP_GELU:
        return x * 0.5 * erfc(-x * 0.70710678118654752440);
    case QUELL_MAP_GELU_TANH:
        return x * 0.5 * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
    case QUELL_MAP_MISH:
        return x * tanh(softplus(x));
    case QUELL_MAP_RELU:
        return fmax(x, 0);
    case QUELL_MAP_RELU2:
        return fmax(x, 0) * fmax(x, 0);
    case QUELL_MAP_SELU:
        return 1.0507009873554804934 * (x > 0 ? x : 1.6732632423543772848 * expm1(x));
    case QUELL_MAP_SIGMOID:
        return 1 / (1 + exp(-x));
    case QUELL_MAP_SILU:
        return x / (1 + exp(-x));
    case QUELL_MAP_SOFTPLUS:
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
static double bound_of(enum quell_map_function function, double right)
{
    bool relative = function == QUELL_MAP_EXP || function == QUELL_MAP_EXPM1 ||
                    function == QUELL_MAP_RELU2 || function == QUELL_MAP_TANH;
    if (relative && fabs(right) > 1e-30) return 5e-7 * fabs(right);
    return 3e-7 * fmax(1, fabs(right));
}

TEST(kernels, functions_are_near_their_formula)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t n = 0; n < FUNCTIONS; n++)
            for (uint32_t first = 0; first < 61440; first += COUNT) {
                float x[COUNT], y[COUNT];
                for (uint32_t i = 0; i < COUNT; i++) y[i] = x[i] = number(first + i);
                apply(k, functions[n], y, COUNT);
                for (size_t i = 0; i < COUNT; i++) {
                    double right = exactly(functions[n], (double)x[i]);
                    double bound = bound_of(functions[n], right);
                    if (right > 3.4e38) continue;
                    CHECK(fabs((double)y[i] - right) <= bound,
                          "%s: function %d of %a is %a, not %a", k->isa, (int)functions[n],
                          (double)x[i], (double)y[i], right);
                }
            }
}

TEST(kernels, functions_have_the_same_bits_everywhere)
{
    for (size_t n = 0; n < FUNCTIONS; n++)
        for (uint32_t first = 0; first < 61440; first += 10 * COUNT) {
            float x[COUNT], right[COUNT], y[COUNT + 1];
            for (uint32_t i = 0; i < COUNT; i++) right[i] = x[i] = number(first + i);
            apply(isa_after(NULL), functions[n], right, COUNT);
            for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
                for (size_t count = 0; count <= COUNT; count += 1 + first % 7) {
                    memcpy(y, x, sizeof x);
                    apply(k, functions[n], y, count);
                    CHECK(!memcmp(y, right, count * sizeof *y), "%s: function %d, %zu", k->isa,
                          (int)functions[n], count);
                    CHECK(count == COUNT || y[count] == x[count], "%s: wrote behind", k->isa);
                }
        }
}

TEST(kernels, functions_at_the_ends)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t n = 0; n < FUNCTIONS; n++) {
            float x[] = {NAN, 1e30f, -1e30f, 0};
            apply(k, functions[n], x, 4);
            CHECK(isnan(x[0]), "%s: function %d loses a NaN", k->isa, (int)functions[n]);
            double high = exactly(functions[n], 1e30);
            CHECK((double)x[1] == high || high > 3.4e38 || fabs((double)x[1] / high - 1) < 1e-6,
                  "%s: function %d of 1e30 is %g", k->isa, (int)functions[n], (double)x[1]);
            CHECK(fabs((double)x[2] - exactly(functions[n], -1e30)) < 1e-6,
                  "%s: function %d of -1e30 is %g", k->isa, (int)functions[n], (double)x[2]);
            CHECK(fabs((double)x[3] - exactly(functions[n], 0)) < 2e-7,
                  "%s: function %d of 0 is %g", k->isa, (int)functions[n], (double)x[3]);
        }
}
