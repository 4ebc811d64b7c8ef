/* SPDX-License-Identifier: MIT */
/* linear_int8, conv_int8 and attention_int8 against loops written from docs/programs.md, to the
 * last bit, on every instruction set and by any number of workers. */
#include "arrays.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Whole numbers from -127 to 127. */
static struct array whole(struct chance *chance, size_t rank, const size_t *size)
{
    struct array made = array_random(chance, rank, size);
    for (size_t i = 0; i < made.count; i++) made.at[i] = nearbyint(127 * made.at[i]);
    return made;
}

/* Elements of some size, of which a few are large. */
static struct array elements(struct chance *chance, size_t rank, const size_t *size)
{
    struct array made = array_random(chance, rank, size);
    float factor = ldexpf(1, (int)chance_whole(chance, 0, 30) - 15);
    for (size_t i = 0; i < made.count; i++)
        made.at[i] *= (double)factor * (chance_whole(chance, 0, 50) ? 1 : 20);
    return made;
}

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

/* The instruction's result for every instruction set; constants: bit i makes array i one. */
static void check_of(const char *instruction, size_t count, const struct array *arrays,
                     const struct array *right, size_t workers, unsigned constants)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        struct many many = {.instructions = instruction,
                            .count = count,
                            .arrays = arrays,
                            .constants = constants,
                            .workers = workers,
                            .kernels = k};
        struct array got = run_program(&many);
        CHECK(got.rank == right->rank && got.count == right->count, "%s: its shape", instruction);
        for (size_t i = 0; i < got.count; i++)
            CHECK(got.at[i] == right->at[i] || (isnan(got.at[i]) && isnan(right->at[i])),
                  "%s, %s: element %zu is %a, not %a", instruction, k->isa, i, got.at[i],
                  right->at[i]);
        array_free(&got);
    }
}

static void check(const char *instruction, size_t count, const struct array *arrays,
                  const struct array *right, size_t workers)
{
    check_of(instruction, count, arrays, right, workers, 14);
}

static size_t size_of(struct chance *chance)
{
    static const size_t sizes[] = {1, 1, 3, 4, 5, 16, 31, 33, 64, 130, 257};
    return sizes[chance_whole(chance, 0, 10)];
}

/* In each fifth trial a row has an element that is no number, or is of zeros or of tiny numbers. */
static void spoil(struct chance *chance, struct array *x, size_t row)
{
    size_t from = chance_whole(chance, 0, x->count / row - 1) * row;
    double most[] = {INFINITY, NAN, 0, 1e-37, 3.4e38};
    size_t which = chance_whole(chance, 0, 4);
    if (which < 2 || which == 4) x->at[from + chance_whole(chance, 0, row - 1)] = most[which];
    for (size_t i = 0; i < row && (which == 2 || which == 3); i++) x->at[from + i] *= most[which];
}

TEST(program_quantised, linear)
{
    struct chance chance = {1};
    for (size_t trial = 0; trial < 80; trial++) {
        size_t in = size_of(&chance), out = size_of(&chance);
        size_t x_size[3] = {chance_whole(&chance, 1, 3), chance_whole(&chance, 1, 30), in};
        size_t w_size[2] = {out, in}, y_size[3] = {x_size[0], x_size[1], out};
        if (trial == 7) x_size[1] = y_size[1] = 257;
        struct array a[4] = {elements(&chance, 3, x_size), whole(&chance, 2, w_size),
                             array_random(&chance, 1, &out), array_random(&chance, 1, &out)};
        struct array y = array_new(3, y_size);
        bool biased = trial % 2;
        if (trial % 5 == 0) spoil(&chance, &a[0], in);
        for (size_t i = 0; i < a[0].count; i++) a[0].at[i] = (double)(float)a[0].at[i];
        for (size_t i = 0; i < y.count; i++) {
            const double *x = a[0].at + i / out * in, *w = a[1].at + i % out * in;
            struct step step = step_of(x, in);
            int64_t sum = 0;
            for (size_t p = 0; p < in; p++) sum += quantised(step, x[p]) * (int64_t)w[p];
            y.at[i] = ended(sum, step, a[2].at[i % out], biased ? &a[3].at[i % out] : NULL);
        }
        check(biased ? "{'linear_int8': ['a', 'b', 'c', 'd']}" : "{'linear_int8': ['a', 'b', 'c']}",
              3 + biased, a, &y, trial % 4);
        for (int k = 0; k < 4; k++) array_free(&a[k]);
        array_free(&y);
    }
}

/* A convolution's attributes, for each dimension. */
struct window {
    long stride[3], before[3], after[3], dilation[3];
};

static void write_list(char *text, const char *name, const long *list, size_t rank)
{
    sprintf(text + strlen(text), ", '%s': [", name);
    for (size_t d = 0; d < rank; d++) sprintf(text + strlen(text), "%s%ld", d ? ", " : "", list[d]);
    strcat(text, "]");
}

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
        bool inside = true;
        for (size_t d = 1; d < x->rank; d++) {
            from[d] = at[d] * window->stride[d - 1] + tap[d + 1] * window->dilation[d - 1] -
                      window->before[d - 1];
            inside = inside && from[d] >= 0 && from[d] < (long)x->size[d];
        }
        if (inside) sum += quantised(step, x->at[array_flat(x, from)]) * (int64_t)w->at[i];
    }
    return sum;
}

TEST(program_quantised, conv)
{
    struct chance chance = {2};
    for (size_t trial = 0; trial < 40; trial++) {
        size_t rank = chance_whole(&chance, 1, 3);
        size_t in = trial % 9 ? chance_whole(&chance, 1, 9) : trial % 2 ? 257 : 20;
        size_t out = in > 9 ? 2 : trial % 11 ? chance_whole(&chance, 1, 35) : 257;
        size_t x_size[4] = {in}, w_size[5] = {out, in}, y_size[4] = {out};
        struct window window;
        char text[512];
        bool biased = trial % 2;
        for (size_t d = 0; d < rank; d++) {
            x_size[1 + d] = chance_whole(&chance, rank == 1 ? 8 : 3,
                                         rank == 1   ? 40
                                         : rank == 2 ? 9
                                                     : 5);
            w_size[2 + d] = chance_whole(&chance, 1, 3);
            window.stride[d] = (long)chance_whole(&chance, 1, 2);
            window.dilation[d] = (long)chance_whole(&chance, 1, 2);
            window.before[d] = (long)chance_whole(&chance, 0, 3) - 1;
            window.after[d] = (long)chance_whole(&chance, 2, 4);
            long room = window.before[d] + (long)x_size[1 + d] + window.after[d] -
                        window.dilation[d] * ((long)w_size[2 + d] - 1) - 1;
            y_size[1 + d] = (size_t)(room / window.stride[d] + 1);
        }
        struct array a[4] = {elements(&chance, 1 + rank, x_size), whole(&chance, 2 + rank, w_size),
                             array_random(&chance, 1, &out), array_random(&chance, 1, &out)};
        if (trial % 10 == 3) spoil(&chance, &a[0], a[0].count);
        for (size_t i = 0; i < a[0].count; i++) a[0].at[i] = (double)(float)a[0].at[i];
        struct array y = array_new(1 + rank, y_size);
        struct step step = step_of(a[0].at, a[0].count);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            array_split(&y, i, at);
            y.at[i] = ended(sum_at(&a[0], &a[1], &window, step, at), step, a[2].at[at[0]],
                            biased ? &a[3].at[at[0]] : NULL);
        }
        sprintf(text, "{'conv_int8': ['a', 'b', 'c'%s]", biased ? ", 'd'" : "");
        write_list(text, "stride", window.stride, rank);
        write_list(text, "before", window.before, rank);
        write_list(text, "after", window.after, rank);
        write_list(text, "dilation", window.dilation, rank);
        strcat(text, "}");
        check(text, 3 + biased, a, &y, trial % 4);
        for (int k = 0; k < 4; k++) array_free(&a[k]);
        array_free(&y);
    }
}

/* A row or a column of an array that is [..., rows, columns], quantised. */
struct line {
    struct step step;
    int64_t at[1200];
};

static struct line line_of(const double *x, size_t count, size_t apart)
{
    static struct line line;
    double own[1200] = {0};
    for (size_t i = 0; i < count; i++) own[i] = x[i * apart];
    line.step = step_of(own, count);
    for (size_t i = 0; i < count; i++) line.at[i] = quantised(line.step, own[i]);
    return line;
}

/* The sizes of an attention; groups: heads of q for each of k. mask: 0, or as 'add' or 'keep'. */
struct attention {
    size_t heads, groups, m, n, d, e;
    int mask;
    bool causal;
    float scale;
};

/* The scores of a query, masked, by E. Returns whether all are -infinity. */
static bool shares_of(const struct attention *is, const struct array *a, size_t head, size_t i,
                      float *e)
{
    float most = -INFINITY;
    struct line query = line_of(a[0].at + (head * is->m + i) * is->d, is->d, 1);
    for (size_t j = 0; j < is->n; j++) {
        struct line key = line_of(a[1].at + (head / is->groups * is->n + j) * is->d, is->d, 1);
        int64_t sum = 0;
        for (size_t p = 0; p < is->d; p++) sum += query.at[p] * key.at[p];
        e[j] = (float)sum * query.step.step * key.step.step * is->scale;
        float m = is->mask ? (float)a[3].at[i * is->n + j] : 0;
        if (is->mask == 1) e[j] += m;
        if ((is->mask == 2 && m == 0) || (is->causal && j > i)) e[j] = -INFINITY;
        most = e[j] > most || isnan(e[j]) ? e[j] : most;
    }
    if (most == -INFINITY) return true;
    for (size_t j = 0; j < is->n; j++) e[j] -= most;
    isa_after(NULL)->exponential(e, e, is->n);
    return false;
}

static void attend(const struct attention *is, const struct array *a, size_t head, size_t i,
                   double *y)
{
    float e[1200];
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

TEST(program_quantised, attention)
{
    struct chance chance = {4};
    for (size_t trial = 0; trial < 60; trial++) {
        struct attention is = {.heads = chance_whole(&chance, 1, 3),
                               .groups = chance_whole(&chance, 1, 2),
                               .m = chance_whole(&chance, 1, 20),
                               .n = trial == 9 ? 1100 : size_of(&chance) % 100 + 1,
                               .d = size_of(&chance) % 100 + 1,
                               .e = size_of(&chance) % 100 + 1,
                               .mask = (int)(trial % 3),
                               .causal = trial % 4 == 3,
                               .scale = 0.375f};
        if (trial == 5) is.m = 200, is.d = is.e = 3;
        size_t q[3] = {is.heads * is.groups, is.m, is.d}, k[3] = {is.heads, is.n, is.d},
               v[3] = {is.heads, is.n, is.e}, y_size[3] = {q[0], is.m, is.e},
               mask[2] = {is.m, is.n};
        struct array a[4] = {array_random(&chance, 3, q), array_random(&chance, 3, k),
                             elements(&chance, 3, v), array_random(&chance, 2, mask)};
        struct array y = array_new(3, y_size);
        for (size_t i = 0; i < a[0].count; i++) a[0].at[i] *= 4;
        for (size_t i = 0; i < a[3].count && is.mask == 2; i++) a[3].at[i] = a[3].at[i] > 0;
        if (trial % 5 == 0) spoil(&chance, &a[trial / 5 % 3], a[trial / 5 % 3].size[2]);
        for (size_t w = 0; w < 3; w++)
            for (size_t i = 0; i < a[w].count; i++) a[w].at[i] = (double)(float)a[w].at[i];
        for (size_t i = 0; i < q[0] * is.m; i++)
            attend(&is, a, i / is.m, i % is.m, y.at + i * is.e);
        char text[256];
        snprintf(text, sizeof text,
                 "{'attention_int8': ['a', 'b', 'c'%s], 'causal': %s, 'scale': 0.375%s}",
                 is.mask ? ", 'd'" : "", is.causal ? "true" : "false",
                 is.mask == 2 ? ", 'mask': 'keep'" : "");
        check_of(text, is.mask ? 4 : 3, a, &y, trial % 4, 0);
        for (int i = 0; i < 4; i++) array_free(&a[i]);
        array_free(&y);
    }
}

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
    for (size_t i = 0; i < SAMPLES; i++) x[i] = elements(&chance, 3, x_size);
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
