/* SPDX-License-Identifier: MIT */
/* The matrix product: bits equal to chains of fmaf() in every table, for every tail, stride and
 * cut; nothing is read or written beyond what the interface allows. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "guard.h"
#include "harness.h"
#include "isas.h"

static uint32_t state = 1;

static float random_float(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(int32_t)state * 0x1p-31f;
}

/* `count` random floats that end where memory does. */
static float *fill(const struct guard *guard, size_t count)
{
    float *x = guard->last - count;
    for (size_t i = 0; i < count; i++) x[i] = random_float();
    return x;
}

struct layout {
    size_t m, n, k;
    int transposed, plain_rows, accumulate;
};

static size_t rounded(size_t n) { return (n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES; }

static float twin(const struct quell_product *x, const float *old, size_t i, size_t j)
{
    float sum = x->accumulate ? old[i * x->c_row + j] : 0.0f;
    for (size_t p = 0; p < x->k; p++) {
        float b = x->b[j / QUELL_PANEL * x->b_panel + p * x->b_row + j % QUELL_PANEL];
        sum = fmaf(x->a[i * x->a_row + p * x->a_col], b, sum);
    }
    return sum;
}

static void check_result(const struct quell_kernels *kernels, const struct quell_product *x,
                         const float *old, size_t floats)
{
    for (size_t at = 0; at < floats; at++) {
        size_t i = at / x->c_row, j = at % x->c_row;
        if (j >= x->n && j < rounded(x->n)) continue; /* may be written */
        float right = j < x->n ? twin(x, old, i, j) : old[at];
        CHECK(memcmp(&right, x->c + at, sizeof right) == 0,
              "%s %zux%zux%zu%s: C[%zu][%zu] is %a, not %a", kernels->isa, x->m, x->n, x->k,
              x->accumulate ? " accumulating" : "", i, j, (double)x->c[at], (double)right);
    }
}

static void check_product(const struct quell_kernels *kernels, struct layout s)
{
    size_t pad = s.m % 3, columns = rounded(s.n), last = (columns - 1) % QUELL_PANEL + 1;
    struct quell_product x = {.m = s.m, .n = s.n, .k = s.k, .accumulate = s.accumulate};
    x.a_row = s.transposed ? 1 : s.k + pad;
    x.a_col = s.transposed ? s.m + pad : 1;
    x.b_row = s.plain_rows ? columns + 16 : QUELL_PANEL;
    x.b_panel = s.plain_rows ? QUELL_PANEL : s.k * QUELL_PANEL + 32 * pad;
    x.c_row = columns + pad;
    size_t a = s.k == 0 ? 0 : (s.m - 1) * x.a_row + (s.k - 1) * x.a_col + 1;
    size_t b = s.k == 0 ? 0 : (columns - 1) / QUELL_PANEL * x.b_panel + (s.k - 1) * x.b_row + last;
    size_t c = (s.m - 1) * x.c_row + columns;
    struct guard in_a = guard_new(a), in_b = guard_new(b), out = guard_new(c), old = guard_new(c);
    x.a = fill(&in_a, a);
    x.b = fill(&in_b, b);
    x.c = fill(&out, c);
    float *before = memcpy(old.last - c, x.c, c * sizeof(float));
    kernels->product(&x);
    check_result(kernels, &x, before, c);
    guard_free(&in_a);
    guard_free(&in_b);
    guard_free(&out);
    guard_free(&old);
}

static void on_every_table(struct layout s)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) check_product(k, s);
}

/* Every number of rows up to beyond two tiles, with every kind of column tail. */
TEST(product, tails)
{
    static const size_t widths[] = {1, 15, 16, 17, 32, 33, 48, 64, 65, 96, 128, 129, 160, 257};
    for (size_t m = 1; m <= 27; m++)
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
            on_every_table((struct layout){m, widths[i], (m * 7 + i) % 11, (m + i) % 2,
                                           (m / 2 + i) % 2, (m / 4 + i) % 2});
}

/* Around the places where k and the rows are cut. */
TEST(product, cuts)
{
    static const size_t depths[] = {1, 127, 128, 129, 255, 256, 257, 513};
    static const size_t heights[] = {1, 12, 13, 191, 193, 205};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        for (size_t j = 0; j < sizeof heights / sizeof *heights; j++)
            on_every_table((struct layout){heights[j], 33, depths[i], (int)(i + j) % 2,
                                           (int)(i / 2 + j) % 2, (int)(i / 4 + j) % 2});
}

/* Few columns, which have a kernel of their own. */
TEST(product, columns)
{
    static const size_t heights[] = {1, 3, 4, 8, 15, 16, 17, 31, 33, 64};
    for (size_t n = 1; n <= 5; n++)
        for (size_t i = 0; i < sizeof heights / sizeof *heights; i++)
            for (size_t k = 0; k <= 37; k++)
                on_every_table((struct layout){heights[i], n, k, k % 7 == 6, (int)(n + k) % 2,
                                               (int)(i + k / 2) % 2});
}

TEST(product, empty)
{
    float c[QUELL_LANES] = {1, 2, 3}, old[QUELL_LANES] = {1, 2, 3};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        k->product(&(struct quell_product){.m = 0, .n = 3, .k = 2, .c = c});
        k->product(&(struct quell_product){.m = 1, .n = 0, .k = 2, .c = c});
        CHECK(memcmp(c, old, sizeof c) == 0, "%s: an empty product wrote", k->isa);
    }
}

/* No tables that agree for want of tables. */
TEST(product, every_isa_is_there)
{
    size_t tables = 0;
    while (quell_kernels_at(tables)) tables++;
    CHECK(tables >= 1 && strcmp(quell_kernels_at(0)->isa, "scalar") == 0, "no scalar table");
#if defined(__x86_64__)
    CHECK(tables == 3, "%zu tables, not scalar, avx2 and avx512", tables);
#endif
}
