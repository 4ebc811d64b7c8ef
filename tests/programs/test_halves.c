/* SPDX-License-Identifier: MIT */
/* linear_bf16, conv_bf16 and attention_bf16 against loops written from docs/programs.md, to the
 * last bit, on every instruction set and by any number of workers; and that loading makes them. */
#include "arrays.h"
#include "base/half.h"
#include "harness.h"
#include "isas.h"
#include "programs/sums.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Elements of some size, of which a few are large and a few vanish. */
static struct array elements(struct chance *chance, size_t rank, const size_t *size)
{
    struct array made = array_random(chance, rank, size);
    float factor = ldexpf(1, (int)chance_whole(chance, 0, 30) - 15);
    for (size_t i = 0; i < made.count; i++) {
        made.at[i] *= (double)factor * (chance_whole(chance, 0, 50) ? 1 : 20);
        if (!chance_whole(chance, 0, 50)) made.at[i] *= 0x1p-60;
        made.at[i] = (double)(float)made.at[i];
    }
    return made;
}

static float rounded(double x)
{
    return fabs(x) < 0x1p-56 ? 0 : quell_from_bfloat(quell_to_bfloat((float)x));
}

/* The sum of count products a[i a_step] b[i b_step]. */
static float sum_of(size_t count, const double *a, size_t a_step, const double *b, size_t b_step)
{
    float sum = 0;
    for (size_t i = 0; i < count; i += 2) {
        if (i + 1 < count)
            sum = fmaf(rounded(a[(i + 1) * a_step]), rounded(b[(i + 1) * b_step]), sum);
        sum = fmaf(rounded(a[i * a_step]), rounded(b[i * b_step]), sum);
    }
    return sum;
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
    check_of(instruction, count, arrays, right, workers, 6);
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

TEST(program_halves, linear)
{
    struct chance chance = {1};
    for (size_t trial = 0; trial < 80; trial++) {
        size_t in = size_of(&chance), out = size_of(&chance);
        size_t x_size[3] = {chance_whole(&chance, 1, 3), chance_whole(&chance, 1, 30), in};
        size_t w_size[2] = {out, in}, y_size[3] = {x_size[0], x_size[1], out};
        if (trial == 7) x_size[1] = y_size[1] = 257;
        struct array a[3] = {elements(&chance, 3, x_size), elements(&chance, 2, w_size),
                             array_random(&chance, 1, &out)};
        struct array y = array_new(3, y_size);
        bool biased = trial % 2;
        if (trial % 5 == 0) spoil(&chance, &a[0], in);
        for (size_t i = 0; i < a[0].count; i++) a[0].at[i] = (double)(float)a[0].at[i];
        for (size_t i = 0; i < y.count; i++) {
            float sum = sum_of(in, a[0].at + i / out * in, 1, a[1].at + i % out * in, 1);
            y.at[i] = (double)(biased ? sum + (float)a[2].at[i % out] : sum);
        }
        check(biased ? "{'linear_bf16': ['a', 'b', 'c']}" : "{'linear_bf16': ['a', 'b']}",
              2 + biased, a, &y, trial % 4);
        for (int k = 0; k < 3; k++) array_free(&a[k]);
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

/* The sum of an output channel at a position: tap by tap, each with its channels up to an even
 * number, in pairs. */
static float sum_at(const struct array *x, const struct array *w, const struct window *window,
                    const long *at)
{
    float sum = 0;
    size_t taps = w->count / w->size[0] / w->size[1];
    for (size_t t = 0; t < taps; t++) {
        long tap[MOST_RANK], from[MOST_RANK];
        array_split(w, t, tap);
        bool inside = true;
        for (size_t d = 1; d < x->rank; d++) {
            from[d] = at[d] * window->stride[d - 1] + tap[d + 1] * window->dilation[d - 1] -
                      window->before[d - 1];
            inside = inside && from[d] >= 0 && from[d] < (long)x->size[d];
        }
        for (size_t i = 0; i < w->size[1] && inside; i++) {
            size_t c = i ^ 1; /* the upper half first; without one, the lower alone */
            if (c >= w->size[1]) c = i;
            from[0] = tap[1] = (long)c;
            tap[0] = at[0];
            sum =
                fmaf(rounded(x->at[array_flat(x, from)]), rounded(w->at[array_flat(w, tap)]), sum);
        }
    }
    return sum;
}

TEST(program_halves, conv)
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
            if (room < 0) window.after[d] -= room, room = 0;
            y_size[1 + d] = (size_t)(room / window.stride[d] + 1);
        }
        struct array a[3] = {elements(&chance, 1 + rank, x_size),
                             elements(&chance, 2 + rank, w_size), array_random(&chance, 1, &out)};
        if (trial % 10 == 3) spoil(&chance, &a[0], a[0].count);
        for (size_t i = 0; i < a[0].count; i++) a[0].at[i] = (double)(float)a[0].at[i];
        struct array y = array_new(1 + rank, y_size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            array_split(&y, i, at);
            float sum = sum_at(&a[0], &a[1], &window, at);
            y.at[i] = (double)(biased ? sum + (float)a[2].at[at[0]] : sum);
        }
        sprintf(text, "{'conv_bf16': ['a', 'b'%s]", biased ? ", 'c'" : "");
        write_list(text, "stride", window.stride, rank);
        write_list(text, "before", window.before, rank);
        write_list(text, "after", window.after, rank);
        write_list(text, "dilation", window.dilation, rank);
        strcat(text, "}");
        check(text, 2 + biased, a, &y, trial % 4);
        for (int k = 0; k < 3; k++) array_free(&a[k]);
        array_free(&y);
    }
}

/* The sizes of an attention; groups: heads of q for each of k. mask: 0, or as 'add' or 'keep'. */
struct attention {
    size_t heads, groups, m, n, d, e;
    int mask;
    bool causal;
    float scale;
};

/* The weights of a query before they are divided by their sum, from its scores. Returns false if
 * all scores are -infinity. */
static bool weights_of(const struct attention *is, const struct array *a, size_t head, size_t i,
                       float *e)
{
    float most = -INFINITY;
    const double *query = a[0].at + (head * is->m + i) * is->d;
    for (size_t j = 0; j < is->n; j++) {
        const double *key = a[1].at + (head / is->groups * is->n + j) * is->d;
        float m = is->mask ? (float)a[3].at[i * is->n + j] : 0;
        e[j] = sum_of(is->d, query, 1, key, 1) * is->scale;
        if (is->mask == 1) e[j] += m;
        if ((is->mask == 2 && m == 0) || (is->causal && j > i)) e[j] = -INFINITY;
        most = e[j] > most || isnan(e[j]) ? e[j] : most;
    }
    if (most == -INFINITY) return false;
    for (size_t j = 0; j < is->n; j++) e[j] -= most;
    isa_after(NULL)->exponential(e, e, is->n);
    return true;
}

static void attend(const struct attention *is, const struct array *a, size_t head, size_t i,
                   double *y)
{
    static float e[1200];
    static double weight[1200];
    bool some = weights_of(is, a, head, i, e);
    float total = some ? quell_sum(is->n, e) : 0;
    for (size_t j = 0; j < is->n; j++) weight[j] = (double)e[j];
    for (size_t c = 0; c < is->e; c++) {
        const double *value = a[2].at + head / is->groups * is->n * is->e + c;
        y[c] = some ? (double)(sum_of(is->n, weight, 1, value, is->e) / total) : 0;
    }
}

TEST(program_halves, attention)
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
                 "{'attention_bf16': ['a', 'b', 'c'%s], 'causal': %s, 'scale': 0.375%s}",
                 is.mask ? ", 'd'" : "", is.causal ? "true" : "false",
                 is.mask == 2 ? ", 'mask': 'keep'" : "");
        check_of(text, is.mask ? 4 : 3, a, &y, trial % 4, 0);
        for (int i = 0; i < 4; i++) array_free(&a[i]);
        array_free(&y);
    }
}

/* What loading with products of bfloat16 numbers makes of an instruction: the same as another one,
 * loaded with rounded weights. */
static void check_loaded(const char *given, const char *same, size_t count,
                         const struct array *arrays)
{
    struct many many = {.instructions = given,
                        .count = count,
                        .arrays = arrays,
                        .constants = 6,
                        .x = &arrays[0],
                        .samples = 1,
                        .rounded = true,
                        .halves = true};
    struct array got = run_program(&many);
    many.instructions = same, many.halves = false;
    struct array right = run_program(&many);
    CHECK(got.count == right.count && !memcmp(got.at, right.at, got.count * sizeof *got.at),
          "%s is not %s", given, same);
    array_free(&got), array_free(&right);
}

TEST(program_halves, loading)
{
    struct chance chance = {3};
    size_t x_size[3] = {6, 9, 8}, w_size[4] = {40, 6, 3, 3}, f_size[4] = {3, 6, 3, 3},
           g_size[4] = {48, 3, 3, 3}, m_size[2] = {33, 8}, n_size[2] = {15, 8}, out = 40, few = 3,
           many = 48, wide = 33;
    struct array x = elements(&chance, 3, x_size), w = elements(&chance, 4, w_size),
                 f = elements(&chance, 4, f_size), g = elements(&chance, 4, g_size),
                 m = elements(&chance, 2, m_size), n = elements(&chance, 2, n_size),
                 b = array_random(&chance, 1, &out), c = array_random(&chance, 1, &few),
                 d = array_random(&chance, 1, &many), e = array_random(&chance, 1, &wide);
    check_loaded("{'linear': ['x', 'b', 'c']}", "{'linear_bf16': ['x', 'b', 'c']}", 3,
                 (struct array[]){x, m, e});
    check_loaded("{'linear': ['x', 'b']}", "{'linear_bf16': ['x', 'b']}", 2,
                 (struct array[]){x, m});
    check_loaded("{'attention': ['x', 'x', 'x']}", "{'attention_bf16': ['x', 'x', 'x']}", 1, &x);
    check_loaded("{'conv': ['x', 'b', 'c'], 'before': [1, 1], 'stride': [2, 1]}",
                 "{'conv_bf16': ['x', 'b', 'c'], 'before': [1, 1], 'stride': [2, 1]}", 3,
                 (struct array[]){x, w, b});
    static const char *const kept[] = {"{'conv': ['x', 'b', 'c'], 'winograd': 4}",
                                       "{'conv': ['x', 'b', 'c']}",
                                       "{'conv': ['x', 'b', 'c'], 'groups': 2}"};
    check_loaded(kept[0], kept[0], 3, (struct array[]){x, w, b});
    check_loaded(kept[1], kept[1], 3, (struct array[]){x, f, c});
    check_loaded(kept[2], kept[2], 3, (struct array[]){x, g, d});
    check_loaded("{'linear': ['x', 'b']}", "{'linear': ['x', 'b']}", 2, (struct array[]){x, n});
    struct array all[] = {x, w, f, g, m, n, b, c, d, e};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) array_free(&all[i]);
}

/* A weight below 2^-56 that rounds up to it is 0, in whatever precision the file is loaded. */
TEST(program_halves, weights_at_the_bound)
{
    struct chance chance = {5};
    size_t x_size[2] = {3, 8}, w_size[2] = {33, 8};
    struct array a[2] = {array_new(2, x_size), array_random(&chance, 2, w_size)};
    for (size_t i = 0; i < a[0].count; i++) a[0].at[i] = 1;
    for (size_t i = 0; i < a[1].count; i++) a[1].at[i] = 0x1.ff8p-57;
    for (int way = 0; way < 4; way++) {
        struct many many = {.instructions =
                                way & 2 ? "{'linear': ['x', 'b']}" : "{'linear_bf16': ['x', 'b']}",
                            .count = 2,
                            .arrays = a,
                            .constants = 2,
                            .x = a,
                            .samples = 1,
                            .rounded = way > 0,
                            .halves = way > 1};
        struct array y = run_program(&many);
        for (size_t i = 0; i < y.count; i++)
            CHECK(y.at[i] == 0, "way %d: element %zu is %a", way, i, y.at[i]);
        array_free(&y);
    }
    for (int k = 0; k < 2; k++) array_free(&a[k]);
}
