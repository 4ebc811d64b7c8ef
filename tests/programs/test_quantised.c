/* SPDX-License-Identifier: MIT */
/* linear_int8, conv_int8 and attention_int8 against loops written from docs/programs.md, to the
 * last bit, on every instruction set and by any number of workers. */
#include "harness.h"
#include "short_cases.h"

#include <math.h>
#include <string.h>

/* Whole numbers from -127 to 127. */
static struct array whole(struct chance *chance, size_t rank, const size_t *size)
{
    struct array made = array_random(chance, rank, size);
    for (size_t i = 0; i < made.count; i++) made.at[i] = nearbyint(127 * made.at[i]);
    return made;
}

static const struct short_kinds kinds = {"int8", true, short_elements, whole};

/* What elements are multiplied by, and what a whole number stands for. */
struct step {
    float inverse, step;
};

static struct step step_of(const double *x, size_t count)
{
    float m = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(x[i])) return (struct step){0, NAN};
        if (fabs(x[i]) > (double)m) m = (float)fabs(x[i]);
    }
    if (m < 0x1p-100f) return (struct step){0, 0};
    return (struct step){127.0f / m, m / 127.0f};
}

static int64_t quantised(struct step step, double x)
{
    return step.inverse == 0 ? 0 : (int64_t)nearbyintf((float)x * step.inverse);
}

static double ended(int64_t sum, struct step step, double scale, const double *bias)
{
    float t = (float)sum * step.step;
    return (double)(bias ? fmaf(t, (float)scale, (float)*bias) : t * (float)scale);
}

static void linear(const struct array *a, const double *bias, struct array *y)
{
    size_t in = a[1].size[1], out = a[1].size[0];
    for (size_t i = 0; i < y->count; i++) {
        const double *x = a[0].at + i / out * in, *w = a[1].at + i % out * in;
        struct step step = step_of(x, in);
        int64_t sum = 0;
        for (size_t p = 0; p < in; p++) sum += quantised(step, x[p]) * (int64_t)w[p];
        y->at[i] = ended(sum, step, a[2].at[i % out], bias ? &bias[i % out] : NULL);
    }
}

TEST(program_quantised, linear) { check_short_linear(&kinds, linear); }

/* The sum of an output channel at a position. */
static int64_t sum_at(const struct array *x, const struct array *w, const struct window *window,
                      struct step step, const long *at)
{
    int64_t sum = 0;
    for (size_t i = 0; i < w->count; i++) {
        long tap[MOST_RANK], from[MOST_RANK];
        array_split(w, i, tap);
        if (tap[0] != at[0]) continue;
        from[0] = tap[1];
        if (window_place(window, x, at, tap, from))
            sum += quantised(step, x->at[array_flat(x, from)]) * (int64_t)w->at[i];
    }
    return sum;
}

static void conv(const struct window *window, const struct array *a, const double *bias,
                 struct array *y)
{
    struct step step = step_of(a[0].at, a[0].count);
    for (size_t i = 0; i < y->count; i++) {
        long at[MOST_RANK];
        array_split(y, i, at);
        y->at[i] = ended(sum_at(&a[0], &a[1], window, step, at), step, a[2].at[at[0]],
                         bias ? &bias[at[0]] : NULL);
    }
}

TEST(program_quantised, conv) { check_short_conv(&kinds, conv); }

/* A row or a column of an array that is [..., rows, columns], quantised. */
struct line {
    struct step step;
    int64_t at[MOST_KEYS];
};

static struct line line_of(const double *x, size_t count, size_t apart)
{
    static struct line line;
    double own[MOST_KEYS] = {0};
    for (size_t i = 0; i < count; i++) own[i] = x[i * apart];
    line.step = step_of(own, count);
    for (size_t i = 0; i < count; i++) line.at[i] = quantised(line.step, own[i]);
    return line;
}

/* The scores of a query, by E. Returns whether all are -infinity. */
static bool shares_of(const struct attention *is, const struct array *a, size_t head, size_t i,
                      float *e)
{
    struct line query = line_of(attention_query(is, a, head, i), is->d, 1);
    for (size_t j = 0; j < is->n; j++) {
        struct line key = line_of(attention_key(is, a, head, j), is->d, 1);
        int64_t sum = 0;
        for (size_t p = 0; p < is->d; p++) sum += query.at[p] * key.at[p];
        e[j] = (float)sum * query.step.step * key.step.step * is->scale;
    }
    return !attention_weights(is, a, i, e);
}

static void attend(const struct attention *is, const struct array *a, size_t head, size_t i,
                   double *y)
{
    float e[MOST_KEYS];
    int64_t all = 0;
    bool none = shares_of(is, a, head, i, e), nan = false;
    for (size_t j = 0; j < is->n && !none; j++) nan = nan || isnan(e[j]);
    for (size_t c = 0; c < is->e; c++) {
        struct line value = line_of(a[2].at + head / is->groups * is->n * is->e + c, is->n, is->e);
        int64_t sum = 0, weights = 0, total = 0;
        for (size_t j = 0; j < is->n && !none && !nan; j++) {
            int64_t share = (int64_t)nearbyintf(fmaf(254, e[j], -127));
            sum += share * value.at[j], weights += value.at[j], total += share + 127;
        }
        float step = value.step.step;
        float mean = fmaf((float)sum, step, (float)(127 * weights) * step) / (float)total;
        y[c] = none ? 0 : nan ? (double)NAN : (double)mean;
        all += total;
    }
    CHECK(none || nan || all > 0, "the twin has no weights");
}

TEST(program_quantised, attention) { check_short_attention(&kinds, attend); }

/* It is near attention: shares have 255 levels, and all else 255. */
TEST(program_quantised, attention_is_near)
{
    struct chance chance = {6};
    size_t q[3] = {2, 64, 64}, k[3] = {2, 100, 64};
    struct array a[3] = {array_random(&chance, 3, q), array_random(&chance, 3, k),
                         array_random(&chance, 3, k)};
    for (size_t i = 0; i < a[0].count; i++) a[0].at[i] *= 4;
    struct array right = run_instruction("{'attention': ['a', 'b', 'c']}", 3, a, 0);
    struct array near = run_instruction("{'attention_int8': ['a', 'b', 'c']}", 3, a, 0);
    double squares = 0, off = 0;
    for (size_t i = 0; i < right.count; i++) {
        squares += right.at[i] * right.at[i];
        off += pow(near.at[i] - right.at[i], 2);
    }
    CHECK(sqrt(off / squares) < 0.02, "it is %g off", sqrt(off / squares));
    for (int i = 0; i < 3; i++) array_free(&a[i]);
    array_free(&right), array_free(&near);
}

/* Several samples at once, each quantised by itself, and maps that go on with the result. */
TEST(program_quantised, samples)
{
    enum { SAMPLES = 5 };
    struct chance chance = {3};
    size_t x_size[3] = {6, 9, 8}, w_size[4] = {40, 6, 3, 3}, m_size[2] = {33, 8}, out = 40,
           wide = 33;
    struct array x[SAMPLES], w = whole(&chance, 4, w_size), m = whole(&chance, 2, m_size);
    struct array s = array_random(&chance, 1, &out), b = array_random(&chance, 1, &wide);
    for (size_t i = 0; i < SAMPLES; i++) x[i] = short_elements(&chance, 3, x_size);
    static const char *const programs[] = {
        "{'conv_int8': ['x', 'b', 'c'], 'before': [1, 1], 'after': [1, 1]}, {'map': [0], "
        "'function': "
        "'silu'}, {'map': [1, [0.5]], 'function': 'add'}",
        "{'linear_int8': ['x', 'b', 'c']}, {'map': [0], 'function': 'silu'}, {'map': [1, [0.5]], "
        "'function': 'add'}"};
    for (size_t which = 0; which < 2; which++) {
        struct many many = {.instructions = programs[which],
                            .output = 2,
                            .count = 3,
                            .constants = 14,
                            .samples = SAMPLES};
        for (size_t workers = 1; workers < 5; workers++) {
            struct array arrays[3] = {x[0], which ? m : w, which ? b : s};
            many.arrays = arrays, many.x = x, many.samples = SAMPLES, many.workers = workers;
            struct array all = run_program(&many);
            for (size_t i = 0; i < SAMPLES; i++) {
                many.x = &x[i], many.samples = 1, many.workers = 1;
                struct array one = run_program(&many);
                CHECK(!memcmp(one.at, all.at + i * one.count, one.count * sizeof *one.at),
                      "sample %zu by %zu workers", i, workers);
                array_free(&one);
            }
            array_free(&all);
        }
    }
    for (size_t i = 0; i < SAMPLES; i++) array_free(&x[i]);
    array_free(&w), array_free(&m), array_free(&s), array_free(&b);
}
