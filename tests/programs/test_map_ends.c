/* SPDX-License-Identifier: MIT */
/* Every function of a map at the ends of its range, on every instruction set: infinities, NaN, huge
 * and subnormal numbers, zeros. */
#include "arrays.h"
#include "harness.h"
#include "isas.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double greater(double a, double b) { return isnan(a) || a > b ? a : b; }
static double lesser(double a, double b) { return isnan(a) || a < b ? a : b; }

/* What a function goes to where its formula is -infinity times 0. */
static double fading(double a, double factor) { return a == -INFINITY ? 0 : a * factor; }
static double softplus(double a) { return fmax(a, 0) + log1p(exp(-fabs(a))); }
static double hyper(double a) { return 0.79788456080286535588 * a * (1 + 0.044715 * a * a); }

/* rounded: with one rounding of the exact result, so that it is right to the bit. */
#define FUNCTIONS(ROW)                                                                      \
    ROW(abs, 1, 1, fabs(a))                                                                 \
    ROW(add, 2, 1, a + b)                                                                   \
    ROW(and, 2, 1, a != 0 && b != 0)                                                        \
    ROW(ceil, 1, 1, ceil(a))                                                                \
    ROW(clamp, 3, 1, lesser(greater(a, b), c))                                              \
    ROW(cos, 1, 0, cos(a))                                                                  \
    ROW(div, 2, 1, a / b)                                                                   \
    ROW(elu, 2, 0, a > 0 ? a : b * expm1(a))                                                \
    ROW(eq, 2, 1, a == b)                                                                   \
    ROW(erf, 1, 0, erf(a))                                                                  \
    ROW(exp, 1, 0, exp(a))                                                                  \
    ROW(expm1, 1, 0, expm1(a))                                                              \
    ROW(floor, 1, 1, floor(a))                                                              \
    ROW(ge, 2, 1, a >= b)                                                                   \
    ROW(gelu, 1, 0, fading(a, 0.5 * erfc(-a * 0.70710678118654752440)))                     \
    ROW(gelu_tanh, 1, 0, fading(a, 0.5 * (1 + tanh(hyper(a)))))                             \
    ROW(gt, 2, 1, a > b)                                                                    \
    ROW(le, 2, 1, a <= b)                                                                   \
    ROW(leaky_relu, 2, 1, a < 0 ? b * a : a)                                                \
    ROW(log, 1, 0, log(a))                                                                  \
    ROW(log1p, 1, 0, log1p(a))                                                              \
    ROW(lt, 2, 1, a < b)                                                                    \
    ROW(max, 2, 1, greater(a, b))                                                           \
    ROW(min, 2, 1, lesser(a, b))                                                            \
    ROW(mish, 1, 0, fading(a, tanh(softplus(a))))                                           \
    ROW(mul, 2, 1, a *b)                                                                    \
    ROW(ne, 2, 1, a != b)                                                                   \
    ROW(neg, 1, 1, -a)                                                                      \
    ROW(not, 1, 1, a == 0)                                                                  \
    ROW(or, 2, 1, a != 0 || b != 0)                                                         \
    ROW(pow, 2, 0, pow(a, b))                                                               \
    ROW(reciprocal, 1, 1, 1 / a)                                                            \
    ROW(relu, 1, 1, a < 0 ? 0 : a)                                                          \
    ROW(relu2, 1, 1, a < 0 ? 0 : a * a)                                                     \
    ROW(round, 1, 1, rint(a))                                                               \
    ROW(rsqrt, 1, 0, 1 / sqrt(a))                                                           \
    ROW(selu, 1, 0, 1.0507009873554804934 * (a > 0 ? a : 1.6732632423543772848 * expm1(a))) \
    ROW(sigmoid, 1, 0, 1 / (1 + exp(-a)))                                                   \
    ROW(sign, 1, 1, a > 0 ? 1 : a < 0 ? -1 : a)                                             \
    ROW(silu, 1, 0, fading(a, 1 / (1 + exp(-a))))                                           \
    ROW(sin, 1, 0, sin(a))                                                                  \
    ROW(softplus, 1, 0, softplus(a))                                                        \
    ROW(sqrt, 1, 1, sqrt(a))                                                                \
    ROW(square, 1, 1, a *a)                                                                 \
    ROW(sub, 2, 1, a - b)                                                                   \
    ROW(tanh, 1, 0, tanh(a))                                                                \
    ROW(where, 3, 1, a != 0 ? b : c)

#define TWIN(name, operands, rounded, value)                \
    static double twin_##name(double a, double b, double c) \
    {                                                       \
        (void)a, (void)b, (void)c;                          \
        return value;                                       \
    }
FUNCTIONS(TWIN)

#define TABLE(name, operands, rounded, value) {#name, operands, rounded, twin_##name},
static const struct function {
    const char *name;
    size_t operands;
    bool rounded;
    double (*twin)(double a, double b, double c);
} functions[] = {FUNCTIONS(TABLE)};

static const double ends[] = {
    0.0,    -0.0,  0x1p-149, -0x1p-149, 0x1.8p-130, -0x1.8p-130, 1e-30, -1e-30,    1e-7,
    -1e-7,  0.5,   -0.5,     1,         -1,         2.5,         -2.5,  9.5,       -9.5,
    10.5,   -10.5, 39.5,     -39.5,     86.5,       -86.5,       87.5,  -87.5,     88.5,
    -88.5,  89,    -89,      104,       -104,       1e4,         -1e4,  0x1p23,    -0x1p23,
    0x1p24, 1e15,  -1e15,    1e30,      -1e30,      1e36,        -1e36, 1e38,      -1e38,
    3e38,   -3e38, FLT_MAX,  -FLT_MAX,  INFINITY,   -INFINITY,   NAN,   -0x1p-126, 0x1p-126};
#define ENDS (sizeof ends / sizeof *ends)

/* The digits of numbers that are near 0 may be lost where a function is not rounded once; a
 * subnormal number, as in elu, before it is multiplied by b. */
static bool is_near(const struct function *function, double got, double right, double b)
{
    double rounded = (double)(float)right;
    if (isnan(rounded)) return isnan(got);
    if (function->rounded || isinf(rounded)) return got == rounded;
    double lost = function->operands > 1 && fabs(b) < INFINITY ? 0x1p-149 * fabs(b) : 0;
    double small = fabs(right) < 1e-3 ? 3e-7 : 0;
    return fabs(got - right) <= lost + fmax(5e-7 * fabs(right), small);
}

static struct array column(const double *numbers, size_t count, size_t rank, size_t first)
{
    size_t size[3] = {1, 1, 1};
    size[first] = count;
    struct array array = array_new(rank, size + (3 - rank));
    for (size_t i = 0; i < count; i++) array.at[i] = (double)(float)numbers[i];
    return array;
}

/* All ends against all, or a constant third operand. */
static void check(const struct quell_kernels *kernels, const struct function *function)
{
    static const double third[] = {-0.5, NAN, 3e38};
    struct array a[3] = {column(ends, ENDS, 3, 0), column(ends, ENDS, 2, 1),
                         column(third, 3, 1, 2)};
    static const char *const operands[] = {"'a'", "'a', 'b'", "'a', 'b', 'c'"};
    char text[128];
    snprintf(text, sizeof text, "{'map': [%s], 'function': '%s'}", operands[function->operands - 1],
             function->name);
    struct array got = run_program(&(struct many){
        .instructions = text, .count = function->operands, .arrays = a, .kernels = kernels});
    for (size_t i = 0; i < got.count; i++) {
        long at[MOST_RANK];
        array_split(&got, i, at);
        double v[3] = {a[0].at[at[0]], a[1].at[at[1]], a[2].at[at[2]]};
        double right = function->twin(v[0], v[1], v[2]);
        if (function->twin == twin_elu && isinf(v[1]) && fabs(v[0]) < 0x1p-126) continue;
        CHECK(is_near(function, got.at[i], right, v[1]), "%s: %s of %g, %g, %g is %.9g, not %.9g",
              kernels->isa, function->name, v[0], v[1], v[2], got.at[i], right);
    }
    for (size_t k = 0; k < 3; k++) array_free(&a[k]);
    array_free(&got);
}

TEST(program_map, ends)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) check(k, &functions[f]);
}
