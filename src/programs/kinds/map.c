/* SPDX-License-Identifier: MIT */
/* map: a function of one to three operands, element by element, with broadcasting. */
#include "base/maths.h"
#include "programs/kind.h"

#include <string.h>

enum { FUNCTION };

/* The functions that have a formula of a, b, c and of e, which the kernel in the last column
 * computes from a. Each line has the name, the number of operands, the formula and the kernel. */
#define NO_KERNEL QUELL_FUNCTIONS
#define IN_DOUBLE(f) (float)f((double)a)
#define FORMULAS(ROW)                                              \
    ROW(abs, 1, fabsf(a), NO_KERNEL)                               \
    ROW(add, 2, a + b, NO_KERNEL)                                  \
    ROW(and, 2, a != 0 && b != 0, NO_KERNEL)                       \
    ROW(ceil, 1, ceilf(a), NO_KERNEL)                              \
    ROW(clamp, 3, lesser(greater(a, b), c), NO_KERNEL)             \
    ROW(cos, 1, IN_DOUBLE(quell_cos), NO_KERNEL)                   \
    ROW(div, 2, a / b, NO_KERNEL)                                  \
    ROW(elu, 2, a > 0 ? a : b * e, QUELL_FUNCTION_EXPM1)           \
    ROW(eq, 2, a == b, NO_KERNEL)                                  \
    ROW(erf, 1, IN_DOUBLE(quell_erf), NO_KERNEL)                   \
    ROW(exp, 1, e, QUELL_FUNCTION_EXP)                             \
    ROW(expm1, 1, e, QUELL_FUNCTION_EXPM1)                         \
    ROW(floor, 1, floorf(a), NO_KERNEL)                            \
    ROW(fma, 3, fmaf(a, b, c), NO_KERNEL)                          \
    ROW(ge, 2, a >= b, NO_KERNEL)                                  \
    ROW(gelu, 1, e, QUELL_FUNCTION_GELU)                           \
    ROW(gelu_tanh, 1, e, QUELL_FUNCTION_GELU_TANH)                 \
    ROW(gt, 2, a > b, NO_KERNEL)                                   \
    ROW(le, 2, a <= b, NO_KERNEL)                                  \
    ROW(leaky_relu, 2, a < 0 ? b * a : a, NO_KERNEL)               \
    ROW(log, 1, IN_DOUBLE(quell_log), NO_KERNEL)                   \
    ROW(log1p, 1, IN_DOUBLE(quell_log1p), NO_KERNEL)               \
    ROW(lt, 2, a < b, NO_KERNEL)                                   \
    ROW(max, 2, greater(a, b), NO_KERNEL)                          \
    ROW(min, 2, lesser(a, b), NO_KERNEL)                           \
    ROW(mish, 1, e, QUELL_FUNCTION_MISH)                           \
    ROW(mul, 2, a *b, NO_KERNEL)                                   \
    ROW(ne, 2, a != b, NO_KERNEL)                                  \
    ROW(neg, 1, -a, NO_KERNEL)                                     \
    ROW(not, 1, a == 0, NO_KERNEL)                                 \
    ROW(or, 2, a != 0 || b != 0, NO_KERNEL)                        \
    ROW(pow, 2, (float)quell_pow((double)a, (double)b), NO_KERNEL) \
    ROW(reciprocal, 1, 1 / a, NO_KERNEL)                           \
    ROW(relu, 1, a < 0 ? 0 : a, NO_KERNEL)                         \
    ROW(relu2, 1, a < 0 ? 0 : a * a, NO_KERNEL)                    \
    ROW(round, 1, rintf(a), NO_KERNEL)                             \
    ROW(rsqrt, 1, 1 / sqrtf(a), NO_KERNEL)                         \
    ROW(selu, 1, e, QUELL_FUNCTION_SELU)                           \
    ROW(sigmoid, 1, e, QUELL_FUNCTION_SIGMOID)                     \
    ROW(sign, 1, a > 0 ? 1 : a < 0 ? -1 : a, NO_KERNEL)            \
    ROW(silu, 1, e, QUELL_FUNCTION_SILU)                           \
    ROW(sin, 1, IN_DOUBLE(quell_sin), NO_KERNEL)                   \
    ROW(softplus, 1, e, QUELL_FUNCTION_SOFTPLUS)                   \
    ROW(sqrt, 1, sqrtf(a), NO_KERNEL)                              \
    ROW(square, 1, a *a, NO_KERNEL)                                \
    ROW(sub, 2, a - b, NO_KERNEL)                                  \
    ROW(tanh, 1, e, QUELL_FUNCTION_TANH)                           \
    ROW(where, 3, a != 0 ? b : c, NO_KERNEL)

/* Returns NaN if a or b is NaN. */
static float greater(float a, float b) { return isnan(a) || a > b ? a : b; }
static float lesser(float a, float b) { return isnan(a) || a < b ? a : b; }

/* y[count] has the values of e at first, and then the results. The elements of in[k] are step[k]
 * apart. */
typedef void formula(float *y, size_t count, const float *const in[3], const size_t step[3]);

#define WRITE_OUT(name, arguments, value, kernel)                                                  \
    static void map_##name(float *y, size_t count, const float *const in[3], const size_t step[3]) \
    {                                                                                              \
        for (size_t i = 0; i < count; i++) {                                                       \
            float a = in[0][i * step[0]], b = in[1][i * step[1]], c = in[2][i * step[2]];          \
            float e = y[i];                                                                        \
            (void)a, (void)b, (void)c, (void)e;                                                    \
            y[i] = value;                                                                          \
        }                                                                                          \
    }
FORMULAS(WRITE_OUT)

#define FUNCTION_ROW(name, arguments, value, kernel) {arguments, map_##name, kernel},
static const struct function {
    size_t operands;
    formula *formula;
    enum quell_function kernel;
} functions[] = {FORMULAS(FUNCTION_ROW)};

#define NAME(name, arguments, value, kernel) #name,
static const char *const names[] = {FORMULAS(NAME) NULL};

static quell_status infer(struct quell_inference *at)
{
    int64_t chosen = quell_set(at->of, FUNCTION);
    if (at->of->operands != functions[chosen].operands)
        return quell_refuse(at, "has %zu operands, must have %zu for '%s'", at->of->operands,
                            functions[chosen].operands, names[chosen]);
    at->out = *quell_operand(at, 0);
    for (size_t i = 1; i < at->of->operands; i++)
        if (!quell_broadcast(&at->out, quell_operand(at, i)))
            return quell_refuse_operand(at, i, "must broadcast with the operands before it");
    return QUELL_OK;
}

/* The dimensions of the result, and the distances of the operands' elements along each. in: the
 * operands; an operand that does not exist is a copy of the first one. skip: the distance from one
 * sample to the next. */
struct sweep {
    struct quell_shape shape;
    const float *in[3];
    size_t stride[3][QUELL_MAX_RANK], skip[3], samples;
};

/* Returns whether the elements of all operands simply go on at the end of dimension d of size
 * `size`. */
static bool goes_on(const struct sweep *sweep, const size_t *before, size_t d, size_t size)
{
    for (size_t k = 0; k < 3; k++)
        if (before[k] != sweep->stride[k][d] * size) return false;
    return true;
}

/* Merges dimensions that follow each other without gaps in all operands, so that rows are long. */
static void merge(struct sweep *sweep)
{
    struct quell_shape *shape = &sweep->shape;
    size_t rank = 0, (*stride)[QUELL_MAX_RANK] = sweep->stride;
    for (size_t d = 0; d < shape->rank; d++) {
        size_t last = rank ? rank - 1 : 0, size = shape->size[d];
        const size_t before[3] = {stride[0][last], stride[1][last], stride[2][last]};
        if (size == 1) continue;
        bool joins = rank && goes_on(sweep, before, d, size);
        size_t to = joins ? last : rank++;
        shape->size[to] = joins ? shape->size[to] * size : size;
        for (size_t k = 0; k < 3; k++) stride[k][to] = stride[k][d];
    }
    if (!rank) *shape = (struct quell_shape){1, {1}};
    if (rank) shape->rank = rank;
    if (shape->rank == 1 && goes_on(sweep, sweep->skip, 0, shape->size[0])) {
        shape->size[0] *= sweep->samples;
        sweep->samples = 1;
    }
}

static struct sweep sweep_of(const struct quell_execution *at)
{
    struct sweep sweep = {.shape = *quell_out_shape(at), .samples = at->samples};
    for (size_t k = 0; k < 3; k++) {
        size_t operand = k < at->of->operands ? k : 0;
        const struct quell_shape *shape = quell_shape_of(at, operand);
        sweep.in[k] = quell_in(at, operand);
        quell_strides(shape, &sweep.shape, sweep.stride[k]);
        if (at->program->value[at->of->operand[operand]].stage == QUELL_FROM_SAMPLE)
            sweep.skip[k] = quell_elements(shape);
    }
    merge(&sweep);
    return sweep;
}

/* Computes a row of the result. The kernel computes e from the row's first operand. */
static void map_row(const struct quell_execution *at, const struct function *function, size_t count,
                    float *y, const float *const in[3], const size_t step[3])
{
    if (function->kernel != NO_KERNEL) {
        for (size_t i = 0; i < count; i++) y[i] = in[0][i * step[0]];
        at->kernels->function[function->kernel](y, count);
    }
    function->formula(y, count, in, step);
}

static void run(const struct quell_execution *at)
{
    const struct function *function = &functions[quell_set(at->of, FUNCTION)];
    struct sweep sweep = sweep_of(at);
    size_t last = sweep.shape.rank - 1, count = sweep.shape.size[last];
    size_t place[QUELL_MAX_RANK] = {0};
    const size_t step[3] = {sweep.stride[0][last], sweep.stride[1][last], sweep.stride[2][last]};
    float *y = at->out;
    for (size_t s = 0; s < sweep.samples; s++) {
        size_t offset[3] = {s * sweep.skip[0], s * sweep.skip[1], s * sweep.skip[2]};
        do {
            const float *const row[3] = {sweep.in[0] + offset[0], sweep.in[1] + offset[1],
                                         sweep.in[2] + offset[2]};
            map_row(at, function, count, y, row, step);
            y += count;
        } while (quell_next_place(&sweep.shape, last, place, 3,
                                  (const size_t(*)[QUELL_MAX_RANK])sweep.stride, offset));
    }
}

const struct quell_kind quell_kind_map = {
    .name = "map",
    .least = 1,
    .most = 3,
    .together = true,
    .attributes = {[FUNCTION] = {"function", QUELL_CHOICE, true, 0, names}},
    .infer = infer,
    .run = run,
};
