/* SPDX-License-Identifier: MIT */
/* Every element-wise and noise kernel of every instruction set: the bits of the scalar one, for
 * every tail and alignment, touching nothing beyond its buffers. */
#include "guard.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LONGEST (4 * QUELL_LANES + 3) /* past the longest unrolled loop, and all its tails */
#define BUFFERS 8
#define ROOM (4 * LONGEST + 64)

/* A kernel as the tests below see it: `count` elements of `inputs` buffers to width * count floats
 * of out; 1 if it says that something is not finite. Input 0 may hold negative numbers. */
struct subject {
    const char *name;
    size_t inputs, width;
    int (*run)(const struct quell_kernels *k, float *out, const float *const *in, size_t count,
               size_t inputs);
};

static const float coefficients[BUFFERS] = {0.7f, -1.3f, 0.01f, 3.0f, -0.5f, 0.25f, 1e-3f, -7.0f};

static int run_combine(const struct quell_kernels *k, float *out, const float *const *in,
                       size_t count, size_t inputs)
{
    return k->combine(out, count, inputs, coefficients, in);
}

static int run_update(const struct quell_kernels *k, float *out, const float *const *in,
                      size_t count, size_t inputs)
{
    return k->update(out, count, inputs, coefficients, in);
}

static int run_clamp(const struct quell_kernels *k, float *out, const float *const *in,
                     size_t count, size_t inputs)
{
    (void)inputs;
    if (count) memmove(out, in[0], count * sizeof *out);
    k->clamp(out, count, -1.0f, 0.5f);
    return 0;
}

static int run_affine(const struct quell_kernels *k, float *out, const float *const *in,
                      size_t count, size_t inputs)
{
    (void)inputs;
    k->affine(out, in[0], count, in[1], in[2]);
    return 0;
}

static int run_gaussian(const struct quell_kernels *k, float *out, const float *const *in,
                        size_t count, size_t inputs)
{
    (void)inputs;
    k->gaussian(out, in[0], count, in[1], 0.8f, 0.3f);
    return 0;
}

static int run_diagonal(const struct quell_kernels *k, float *out, const float *const *in,
                        size_t count, size_t inputs)
{
    (void)inputs;
    k->gaussian_diagonal(out, in[0], count, in[1], in[2], 0.8, 0.6, 0);
    return 0;
}

static int run_exponential(const struct quell_kernels *k, float *out, const float *const *in,
                           size_t count, size_t inputs)
{
    (void)inputs;
    k->exponential(out, in[0], count);
    return 0;
}

static int run_spread(const struct quell_kernels *k, float *out, const float *const *in,
                      size_t count, size_t inputs)
{
    float apart[LONGEST], *x = out == in[1] || out == in[2] ? apart : out; /* it adds to x */
    (void)inputs;
    if (count) memmove(x, in[0], count * sizeof *x);
    int bad = k->spread(x, count, -2.0f, 3.0f, in[1], in[2]);
    if (count) memmove(out, x, count * sizeof *x);
    return bad;
}

static const struct quell_noise_at somewhere = {0x0123456789ABCDEF, 0x1FFFFFFFE, 9, 5, 7};

static int run_normals(const struct quell_kernels *k, float *out, const float *const *in,
                       size_t count, size_t inputs)
{
    (void)in, (void)inputs;
    k->normals(&somewhere, count, out);
    return 0;
}

static int run_pairs(const struct quell_kernels *k, float *out, const float *const *in,
                     size_t count, size_t inputs)
{
    (void)in, (void)inputs;
    k->normal_pairs(&somewhere, count, out);
    return 0;
}

static int run_philox(const struct quell_kernels *k, float *out, const float *const *in,
                      size_t count, size_t inputs)
{
    (void)in, (void)inputs;
    uint32_t *words = (uint32_t *)(void *)out;
    k->philox(&somewhere, count, words);
    return 0;
}

/* Three blocks to a row. */
static const struct quell_noise_rows *some_rows(void)
{
    static uint64_t seeds[LONGEST], samples[LONGEST];
    static const struct quell_noise_rows rows = {seeds, samples, 0x0123456789ABCDEF, 9, 3};
    for (uint64_t i = 0; i < LONGEST; i++) {
        seeds[i] = i * UINT64_C(0x9E3779B97F4A7C15);
        samples[i] = UINT64_MAX - i * i * i;
    }
    return &rows;
}

static int run_rows_normals(const struct quell_kernels *k, float *out, const float *const *in,
                            size_t count, size_t inputs)
{
    (void)in, (void)inputs;
    k->rows_normals(some_rows(), count, out);
    return 0;
}

static int run_rows_pairs(const struct quell_kernels *k, float *out, const float *const *in,
                          size_t count, size_t inputs)
{
    (void)in, (void)inputs;
    k->rows_normal_pairs(some_rows(), count, out);
    return 0;
}

static const struct subject subjects[] = {
    {"combine 1", 1, 1, run_combine},
    {"combine 2", 2, 1, run_combine},
    {"combine 3", 3, 1, run_combine},
    {"combine 4", 4, 1, run_combine},
    {"combine 5", 5, 1, run_combine},
    {"combine 6", 6, 1, run_combine},
    {"combine 7", 7, 1, run_combine},
    {"combine 8", 8, 1, run_combine},
    {"update 1", 1, 1, run_update},
    {"update 2", 2, 1, run_update},
    {"update 3", 3, 1, run_update},
    {"update 8", 8, 1, run_update},
    {"clamp", 1, 1, run_clamp},
    {"affine", 3, 1, run_affine},
    {"gaussian", 2, 1, run_gaussian},
    {"gaussian_diagonal", 3, 1, run_diagonal},
    {"exponential", 1, 1, run_exponential},
    {"spread", 3, 1, run_spread},
    {"normals", 0, 4, run_normals},
    {"normal_pairs", 0, 2, run_pairs},
    {"rows_normals", 0, 4, run_rows_normals},
    {"rows_normal_pairs", 0, 2, run_rows_pairs},
    {"philox", 0, 4, run_philox},
};
#define SUBJECTS (sizeof subjects / sizeof *subjects)

/* Numbers of many magnitudes, zeros among them; negative ones in all buffers but 2, where a
 * kernel may expect variances. */
static void fill(float values[BUFFERS][LONGEST])
{
    uint32_t state = 1;
    for (size_t b = 0; b < BUFFERS; b++)
        for (size_t i = 0; i < LONGEST; i++) {
            state = state * 1664525u + 1013904223u;
            float size = ldexpf((float)(state >> 8), (int)(state % 12u) - 26);
            values[b][i] = state >> 28 == 3 ? 0.0f : (state >> 9) & 1 && b != 2 ? -size : size;
        }
}

/* Buffers that begin at a guard page, end at one, or lie between at some misalignment. */
static float *place(const struct guard *guard, size_t length, size_t placement, size_t buffer)
{
    if (placement == 0) return guard->first;
    if (placement == 1) return guard->last - length;
    return guard->first + 16 + (placement + 5 * buffer) % 16;
}

static void blank(const struct guard *guard)
{
    memset(guard->first, 0xA5, (size_t)((char *)guard->last - (char *)guard->first));
}

static int untouched(const float *from, const float *to)
{
    const unsigned char *byte = (const void *)from;
    for (; byte < (const unsigned char *)to; byte++)
        if (*byte != 0xA5) return 0;
    return 1;
}

static void hold(const struct quell_kernels *k, const struct subject *s, const struct guard *guards,
                 float values[BUFFERS][LONGEST], size_t count, size_t placement, size_t alias)
{
    float expected[ROOM];
    const float *plain[BUFFERS], *in[BUFFERS];
    for (size_t b = 0; b < BUFFERS; b++) plain[b] = values[b];
    int flag = s->run(quell_kernels_at(0), expected, plain, count, s->inputs);
    size_t length = s->width * count;
    blank(&guards[BUFFERS]);
    for (size_t b = 0; b < s->inputs; b++) {
        const struct guard *guard = &guards[b == alias ? BUFFERS : b];
        float *p = place(guard, count, placement, b == alias ? BUFFERS : b);
        if (count) memcpy(p, values[b], count * sizeof *p);
        in[b] = p;
    }
    float *out = place(&guards[BUFFERS], length, placement, BUFFERS);
    CHECK(s->run(k, out, in, count, s->inputs) == flag, "%s %s: flag not %d", k->isa, s->name,
          flag);
    CHECK(!length || !memcmp(out, expected, length * sizeof *out),
          "%s %s: not the scalar bits at count %zu, placement %zu, alias %zu", k->isa, s->name,
          count, placement, alias);
    CHECK(untouched(guards[BUFFERS].first, out) && untouched(out + length, guards[BUFFERS].last),
          "%s %s: wrote beyond count %zu, placement %zu", k->isa, s->name, count, placement);
}

TEST(kernels, bits_tails_alignment_guards)
{
    static float values[BUFFERS][LONGEST];
    struct guard guards[BUFFERS + 1];
    fill(values);
    for (size_t b = 0; b <= BUFFERS; b++) guards[b] = guard_new(ROOM);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t s = 0; s < SUBJECTS; s++)
            for (size_t count = 0; count <= LONGEST; count++)
                for (size_t placement = 0; placement < 5; placement++)
                    hold(k, &subjects[s], guards, values, count, placement, BUFFERS);
    for (size_t b = 0; b <= BUFFERS; b++) guard_free(&guards[b]);
}

TEST(kernels, out_may_be_an_input)
{
    static float values[BUFFERS][LONGEST];
    struct guard guards[BUFFERS + 1];
    fill(values);
    for (size_t b = 0; b <= BUFFERS; b++) guards[b] = guard_new(ROOM);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t s = 0; s < SUBJECTS; s++)
            for (size_t alias = 0; alias < subjects[s].inputs; alias++)
                for (size_t count = 0; count <= LONGEST; count += 5)
                    hold(k, &subjects[s], guards, values, count, 3, alias);
    for (size_t b = 0; b <= BUFFERS; b++) guard_free(&guards[b]);
}
