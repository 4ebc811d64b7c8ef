/* SPDX-License-Identifier: MIT */
/* Many Dots: bits equal to the definition taken literally in every table, for few columns and for
 * many, with what is added to them, and -0 among it; nothing is read beyond what the interface
 * allows. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "guard.h"
#include "harness.h"
#include "isas.h"

static uint32_t state = 1;

static uint32_t next(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* Often so small that a product is -0 or +0, and a sum of them too. */
static float number(int tiny)
{
    float x = (float)(int32_t)(next() - 0x800000u) * 0x1p-23f;
    return tiny ? x * 0x1p-120f : x;
}

static float *fill(const struct guard *guard, size_t count, int tiny)
{
    float *x = guard->last - count;
    for (size_t i = 0; i < count; i++) x[i] = number(tiny);
    return x;
}

static size_t rounded(size_t n) { return (n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES; }

/* Where finish() puts the results. */
struct kept {
    float *at;
    size_t row;
};

static void keep(void *user, const struct quell_dots_done *done)
{
    const struct kept *kept = user;
    for (size_t r = 0; r < done->rows; r++)
        memcpy(kept->at + (done->row + r) * kept->row + done->column,
               done->total + r * done->stride, done->columns * sizeof(float));
}

static float twin(const struct quell_dots *x, size_t i, size_t j)
{
    float total = 0;
    for (size_t from = 0; from < x->k; from += x->block) {
        float sum = 0;
        for (size_t p = from; p < from + x->block && p < x->k; p++)
            sum = fmaf(x->a[i * x->a_row + p],
                       x->b[j / QUELL_PANEL * x->b_panel + p * QUELL_PANEL + j % QUELL_PANEL], sum);
        total = total + sum;
    }
    for (size_t q = 0; q < x->addends; q++)
        total = total + x->addend[q].at[i * x->addend[q].row + j];
    return total;
}

static void check_results(const struct quell_kernels *kernels, const struct quell_dots *x,
                          const struct kept *got)
{
    for (size_t i = 0; i < x->m; i++)
        for (size_t j = 0; j < x->n; j++) {
            float right = twin(x, i, j), now = got->at[i * got->row + j];
            CHECK(memcmp(&right, &now, sizeof right) == 0,
                  "%s %zux%zux%zu, %zu addends: [%zu][%zu] is %a, not %a", kernels->isa, x->m, x->n,
                  x->k, x->addends, i, j, (double)now, (double)right);
        }
}

/* The first addend is a row, as a bias is; every other one is a row or has rows. */
static void add(struct quell_dots *x, struct guard *guard, int settled)
{
    size_t columns = rounded(x->n);
    for (size_t q = 0; q < x->addends; q++) {
        size_t row = q % 2 ? columns : 0, count = (x->m - 1) * row + columns;
        guard[q] = guard_new(count);
        float *at = fill(&guard[q], count, 0);
        for (size_t i = 0; i < count; i += 3) at[i] = settled && q == 0 ? 0.0f : -0.0f;
        x->addend[q] = (struct quell_addend){at, row};
    }
    x->settled = settled;
}

struct layout {
    size_t m, n, k, addends;
    int tiny, settled, to_memory;
};

static void check_dots(const struct quell_kernels *kernels, const struct layout *s)
{
    size_t columns = rounded(s->n), panels = (columns + QUELL_PANEL - 1) / QUELL_PANEL;
    struct quell_dots x = {.m = s->m, .n = s->n, .k = s->k, .block = 128, .a_row = s->k + 1};
    size_t a = (s->m - 1) * x.a_row + s->k, b = panels * QUELL_PANEL * s->k;
    struct guard in_a = guard_new(a), in_b = guard_new(b), out = guard_new(s->m * columns);
    struct guard added[QUELL_MOST_ADDENDS];
    size_t *left = malloc(s->k * sizeof *left);
    for (size_t p = 0; p < s->k; p++) left[p] = p;
    struct kept got = {out.last - s->m * columns, columns};
    x.a = fill(&in_a, a, s->tiny);
    x.b = fill(&in_b, b, s->tiny);
    x.b_panel = s->k * QUELL_PANEL;
    x.left = left, x.plain = 1;
    x.addends = s->addends;
    add(&x, added, s->settled);
    x.finish = keep, x.user = &got;
    if (s->to_memory) x.out = got.at, x.out_row = columns;
    kernels->dots(&x);
    check_results(kernels, &x, &got);
    for (size_t q = 0; q < x.addends; q++) guard_free(&added[q]);
    guard_free(&in_a);
    guard_free(&in_b);
    guard_free(&out);
    free(left);
}

TEST(dots, equal_their_definition)
{
    static const size_t rows[] = {1, 2, 5, 12, 13, 16, 17, 33, 96, 200};
    static const size_t columns[] = {1, 2, 3, 4, 5, 16, 32, 48, 80};
    static const size_t lengths[] = {1, 3, 4, 127, 128, 130, 300};
    for (const struct quell_kernels *kernels = isa_after(NULL); kernels;
         kernels = isa_after(kernels))
        for (size_t i = 0; i < 10 * 9 * 7; i++) {
            struct layout s = {rows[i % 10], columns[i / 10 % 9], lengths[i / 90], .tiny = i % 2};
            if (s.n % QUELL_LANES == 0) {
                s.addends = next() % (QUELL_MOST_ADDENDS + 1);
                s.settled = s.addends && next() % 2;
            }
            s.to_memory = next() % 2;
            check_dots(kernels, &s);
        }
}
