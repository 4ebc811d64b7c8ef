/* SPDX-License-Identifier: MIT */
/* linear_bf16, conv_bf16 and attention_bf16 against loops written from docs/programs.md, to the
 * last bit, on every instruction set and by any number of workers; and that loading makes them. */
#include "base/half.h"
#include "harness.h"
#include "programs/sums.h"
#include "short_cases.h"

#include <math.h>
#include <string.h>

/* A few elements vanish. */
static struct array elements(struct chance *chance, size_t rank, const size_t *size)
{
    struct array made = short_elements(chance, rank, size);
    for (size_t i = 0; i < made.count; i++) {
        if (!chance_whole(chance, 0, 50)) made.at[i] *= 0x1p-60;
        made.at[i] = (double)(float)made.at[i];
    }
    return made;
}

static const struct short_kinds kinds = {"bf16", false, elements, elements};

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

static void linear(const struct array *a, const double *bias, struct array *y)
{
    size_t in = a[1].size[1], out = a[1].size[0];
    for (size_t i = 0; i < y->count; i++) {
        float sum = sum_of(in, a[0].at + i / out * in, 1, a[1].at + i % out * in, 1);
        y->at[i] = (double)(bias ? sum + (float)bias[i % out] : sum);
    }
}

TEST(program_halves, linear) { check_short_linear(&kinds, linear); }

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
        bool inside = window_place(window, x, at, tap, from);
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

static void conv(const struct window *window, const struct array *a, const double *bias,
                 struct array *y)
{
    for (size_t i = 0; i < y->count; i++) {
        long at[MOST_RANK];
        array_split(y, i, at);
        float sum = sum_at(&a[0], &a[1], window, at);
        y->at[i] = (double)(bias ? sum + (float)bias[at[0]] : sum);
    }
}

TEST(program_halves, conv) { check_short_conv(&kinds, conv); }

static void attend(const struct attention *is, const struct array *a, size_t head, size_t i,
                   double *y)
{
    static float e[MOST_KEYS];
    static double weight[MOST_KEYS];
    for (size_t j = 0; j < is->n; j++)
        e[j] = sum_of(is->d, attention_query(is, a, head, i), 1, attention_key(is, a, head, j), 1) *
               is->scale;
    bool some = attention_weights(is, a, i, e);
    float total = some ? quell_sum(is->n, e) : 0;
    for (size_t j = 0; j < is->n; j++) weight[j] = (double)e[j];
    for (size_t c = 0; c < is->e; c++) {
        const double *value = a[2].at + head / is->groups * is->n * is->e + c;
        y[c] = some ? (double)(sum_of(is->n, weight, 1, value, is->e) / total) : 0;
    }
}

TEST(program_halves, attention) { check_short_attention(&kinds, attend); }

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
