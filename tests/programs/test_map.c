/* SPDX-License-Identifier: MIT */
/* Every function of a map, over random shapes that are broadcast, against its formula in double. */
#include "arrays.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double add(const double *v) { return v[0] + v[1]; }
static double sub(const double *v) { return v[0] - v[1]; }
static double mul(const double *v) { return v[0] * v[1]; }
static double quotient(const double *v) { return v[0] / v[1]; }
static double negative(const double *v) { return -v[0]; }
static double size_only(const double *v) { return fabs(v[0]); }
static double sign(const double *v) { return (v[0] > 0) - (v[0] < 0); }
static double below(const double *v) { return floor(v[0]); }
static double above(const double *v) { return ceil(v[0]); }
static double whole(const double *v) { return rint(v[0]); }
static double most(const double *v) { return fmax(v[0], v[1]); }
static double least(const double *v) { return fmin(v[0], v[1]); }
static double eq(const double *v) { return v[0] == v[1]; }
static double ne(const double *v) { return v[0] != v[1]; }
static double lt(const double *v) { return v[0] < v[1]; }
static double le(const double *v) { return v[0] <= v[1]; }
static double gt(const double *v) { return v[0] > v[1]; }
static double ge(const double *v) { return v[0] >= v[1]; }
static double both(const double *v) { return v[0] != 0 && v[1] != 0; }
static double either(const double *v) { return v[0] != 0 || v[1] != 0; }
static double inverse(const double *v) { return v[0] == 0; }
static double choice(const double *v) { return v[0] != 0 ? v[1] : v[2]; }
static double clamped(const double *v) { return fmin(fmax(v[0], v[1]), v[2]); }
static double fused(const double *v) { return v[0] * v[1] + v[2]; }
static double root(const double *v) { return sqrt(v[0]); }
static double one_over_root(const double *v) { return 1 / sqrt(v[0]); }
static double one_over(const double *v) { return 1 / v[0]; }
static double squared(const double *v) { return v[0] * v[0]; }
static double exponential(const double *v) { return exp(v[0]); }
static double exponential_less_1(const double *v) { return expm1(v[0]); }
static double logarithm(const double *v) { return log(v[0]); }
static double logarithm_1(const double *v) { return log1p(v[0]); }
static double sine(const double *v) { return sin(v[0]); }
static double cosine(const double *v) { return cos(v[0]); }
static double error_function(const double *v) { return erf(v[0]); }
static double power(const double *v) { return pow(v[0], v[1]); }
static double hyperbolic(const double *v) { return tanh(v[0]); }
static double logistic(const double *v) { return 1 / (1 + exp(-v[0])); }
static double silu(const double *v) { return v[0] / (1 + exp(-v[0])); }
static double gelu(const double *v) { return v[0] / 2 * erfc(-v[0] / sqrt(2)); }
static double softplus(const double *v) { return log1p(exp(-fabs(v[0]))) + fmax(v[0], 0); }
static double mish(const double *v) { return v[0] * tanh(softplus(v)); }
static double relu(const double *v) { return fmax(v[0], 0); }
static double relu2(const double *v) { return relu(v) * relu(v); }
static double leaky(const double *v) { return v[0] < 0 ? v[1] * v[0] : v[0]; }
static double elu(const double *v) { return v[0] > 0 ? v[0] : v[1] * expm1(v[0]); }
static double selu(const double *v)
{
    return 1.0507009873554805 * (v[0] > 0 ? v[0] : 1.6732632423543772 * expm1(v[0]));
}
static double gelu_tanh(const double *v)
{
    return v[0] / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (v[0] + 0.044715 * v[0] * v[0] * v[0])));
}

/* scale: operands are from -scale to scale, or from 0.1 to it if `positive`; truths: 0, 1 or
 * another of few numbers. */
static const struct function {
    const char *name;
    size_t operands;
    double (*right)(const double *v);
    double scale;
    bool positive, few;
} functions[] = {
    {"abs", 1, size_only, 5, 0, 0},
    {"add", 2, add, 5, 0, 0},
    {"and", 2, both, 1, 0, 1},
    {"ceil", 1, above, 5, 0, 0},
    {"clamp", 3, clamped, 3, 0, 0},
    {"cos", 1, cosine, 50, 0, 0},
    {"div", 2, quotient, 5, 1, 0},
    {"elu", 2, elu, 8, 0, 0},
    {"eq", 2, eq, 1, 0, 1},
    {"erf", 1, error_function, 3, 0, 0},
    {"exp", 1, exponential, 20, 0, 0},
    {"expm1", 1, exponential_less_1, 3, 0, 0},
    {"floor", 1, below, 5, 0, 0},
    {"fma", 3, fused, 3, 0, 0},
    {"ge", 2, ge, 1, 0, 1},
    {"gelu", 1, gelu, 6, 0, 0},
    {"gelu_tanh", 1, gelu_tanh, 6, 0, 0},
    {"gt", 2, gt, 1, 0, 1},
    {"le", 2, le, 1, 0, 1},
    {"leaky_relu", 2, leaky, 3, 0, 0},
    {"log", 1, logarithm, 9, 1, 0},
    {"log1p", 1, logarithm_1, 9, 1, 0},
    {"lt", 2, lt, 1, 0, 1},
    {"max", 2, most, 3, 0, 0},
    {"min", 2, least, 3, 0, 0},
    {"mish", 1, mish, 9, 0, 0},
    {"mul", 2, mul, 5, 0, 0},
    {"ne", 2, ne, 1, 0, 1},
    {"neg", 1, negative, 5, 0, 0},
    {"not", 1, inverse, 1, 0, 1},
    {"or", 2, either, 1, 0, 1},
    {"pow", 2, power, 4, 1, 0},
    {"reciprocal", 1, one_over, 4, 1, 0},
    {"relu", 1, relu, 4, 0, 0},
    {"relu2", 1, relu2, 4, 0, 0},
    {"round", 1, whole, 5, 0, 0},
    {"rsqrt", 1, one_over_root, 4, 1, 0},
    {"selu", 1, selu, 6, 0, 0},
    {"sigmoid", 1, logistic, 9, 0, 0},
    {"sign", 1, sign, 2, 0, 1},
    {"silu", 1, silu, 9, 0, 0},
    {"sin", 1, sine, 50, 0, 0},
    {"softplus", 1, softplus, 20, 0, 0},
    {"sqrt", 1, root, 9, 1, 0},
    {"square", 1, squared, 9, 0, 0},
    {"sub", 2, sub, 5, 0, 0},
    {"tanh", 1, hyperbolic, 6, 0, 0},
    {"where", 3, choice, 2, 0, 1},
};

/* One shape with some sizes 1 or left out, which broadcasts to it. */
static struct array operand(struct chance *chance, const struct function *function, size_t rank,
                            const size_t *size)
{
    size_t skip = chance_whole(chance, 0, 3) ? 0 : chance_whole(chance, 0, rank), own[MOST_RANK];
    for (size_t d = skip; d < rank; d++) own[d - skip] = chance_whole(chance, 0, 3) ? size[d] : 1;
    struct array array = array_random(chance, rank - skip, own);
    for (size_t i = 0; i < array.count; i++) {
        double v = function->scale * array.at[i];
        if (function->positive) v = fabs(v) + 0.1;
        if (function->few) v = rint(v);
        array.at[i] = (double)(float)v;
    }
    return array;
}

static double broadcast(const struct array *array, const struct array *y, size_t i)
{
    long at[MOST_RANK];
    size_t skip = y->rank - array->rank;
    array_split(y, i, at);
    for (size_t d = 0; d < array->rank; d++)
        if (array->size[d] == 1) at[skip + d] = 0;
    return array->at[array_flat(array, at + skip)];
}

static void try_map(struct chance *chance, const struct function *function, unsigned constants)
{
    struct array shape = array_of_any_shape(chance, 0, 5), a[3];
    size_t size[MOST_RANK], rank = 0;
    for (size_t k = 0; k < function->operands; k++) {
        a[k] = operand(chance, function, shape.rank, shape.size);
        if (a[k].rank > rank) rank = a[k].rank;
    }
    for (size_t d = 0; d < rank; d++) {
        size[rank - 1 - d] = 1;
        for (size_t k = 0; k < function->operands; k++)
            if (d < a[k].rank && a[k].size[a[k].rank - 1 - d] > 1)
                size[rank - 1 - d] = a[k].size[a[k].rank - 1 - d];
    }
    struct array y = array_new(rank, size);
    for (size_t i = 0; i < y.count; i++) {
        double v[3] = {0};
        for (size_t k = 0; k < function->operands; k++) v[k] = broadcast(&a[k], &y, i);
        y.at[i] = function->right(v);
    }
    char text[256];
    static const char *const operands[] = {"'a'", "'a', 'b'", "'a', 'b', 'c'"};
    snprintf(text, sizeof text, "{'map': [%s], 'function': '%s'}", operands[function->operands - 1],
             function->name);
    double largest = 0;
    for (size_t i = 0; i < y.count; i++) largest = fmax(largest, fabs(y.at[i]));
    bool tail = !strcmp(function->name, "gelu_tanh") && largest < 1; /* x e^-z */
    check_instruction(text, function->operands, a, constants, &y, tail ? 5e-7 / largest : 5e-7);
    for (size_t k = 0; k < function->operands; k++) array_free(&a[k]);
    array_free(&shape);
    array_free(&y);
}

TEST(program_map, functions)
{
    struct chance chance = {11};
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (unsigned trial = 0; trial < 24; trial++) try_map(&chance, &functions[f], trial % 8);
}
