/* SPDX-License-Identifier: MIT */
/* The matrix product beside OpenBLAS, one thread each, and beside the rate of fused multiply-adds
 * that this core can reach, measured in the same run.
 *
 *     bench_product [ISA [SECONDS PER SHAPE]]
 *
 * OpenBLAS is held to the same instruction set (OPENBLAS_CORETYPE), because the comparison would
 * otherwise be one of processors. Both take turns, and the best time of each counts, because a
 * shared machine can only make a run slower. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/memory.h"
#include "bounds.h"
#include "simd/kernels.h"

void sgemm_(const char *transpose_a, const char *transpose_b, const int *m, const int *n,
            const int *k, const float *alpha, const float *a, const int *lda, const float *b,
            const int *ldb, const float *beta, float *c, const int *ldc);
void openblas_set_num_threads(int threads);
char *openblas_get_corename(void);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Returns the rate of multiply-adds that a core can reach. */
static double peak(const char *isa)
{
    const struct bound *bound = bound_of(isa);
    double best = 0;
    for (int i = 0; bound && i < 50; i++) {
        double start = now(), flops = 2 * bound->fused(200000), rate = flops / (now() - start);
        if (rate > best) best = rate;
    }
    return best * 1e-9;
}

/* One shape. A: rows of a_row; or, transposed, [k][m], as the empirical denoiser's weights are. B:
 * rows of b_row, as its points are; or, b_row 0, packed for us and [k][n] for OpenBLAS. */
struct shape {
    size_t m, n, k, transposed, a_row, b_row;
};

static const struct shape empirical[] = {
    {128, 32, 64, 0, 64, 0},   {32, 64, 128, 1, 0, 64},     {128, 32, 784, 0, 784, 0},
    {32, 784, 128, 1, 0, 784}, {128, 32, 3072, 0, 3088, 0}, {32, 3072, 128, 1, 0, 3088},
};

struct matrices {
    float *a, *b, *packed, *c;
};

static struct matrices fill(const struct shape *s, size_t columns)
{
    struct matrices x = {quell_new(s->m * (s->k + s->a_row), 4),
                         quell_new(s->k * (columns + s->b_row), 4),
                         quell_new(s->k * (columns + s->b_row), 4), quell_new(s->m * columns, 4)};
    if (!x.a || !x.b || !x.packed || !x.c) exit(1);
    size_t row = s->b_row ? s->b_row : s->n;
    for (size_t i = 0; i < s->m * (s->k + s->a_row); i++)
        x.a[i] = (float)(rand() % 100 - 50) * 0.02f;
    for (size_t i = 0; i < s->k * row; i++) x.b[i] = (float)(rand() % 100 - 50) * 0.02f;
    for (size_t p = 0; p < s->k; p++)
        for (size_t j = 0; j < s->n; j++)
            x.packed[j / QUELL_PANEL * s->k * QUELL_PANEL + p * QUELL_PANEL + j % QUELL_PANEL] =
                x.b[p * row + j];
    return x;
}

static void ours(const struct quell_kernels *kernels, const struct shape *s, struct matrices *x)
{
    struct quell_product product = {
        .m = s->m,
        .n = s->n,
        .k = s->k,
        .a = x->a,
        .a_row = s->transposed ? 1 : s->a_row,
        .a_col = s->transposed ? s->m : 1,
        .b = s->b_row ? x->b : x->packed,
        .b_row = s->b_row ? s->b_row : QUELL_PANEL,
        .b_panel = s->b_row ? QUELL_PANEL : s->k * QUELL_PANEL,
        .c = x->c,
        .c_row = (s->n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES,
    };
    kernels->product(&product);
}

/* OpenBLAS has columns first: C^T = B^T A^T. */
static void theirs(const struct shape *s, struct matrices *x)
{
    int m = (int)s->m, n = (int)s->n, k = (int)s->k;
    int row_a = s->transposed ? m : (int)s->a_row, row_b = s->b_row ? (int)s->b_row : n;
    float one = 1, zero = 0;
    sgemm_("N", s->transposed ? "T" : "N", &n, &m, &k, &one, x->b, &row_b, x->a, &row_a, &zero,
           x->c, &n);
}

static double time_of(const struct quell_kernels *kernels, const struct shape *s,
                      struct matrices *x, size_t times)
{
    double start = now();
    for (size_t i = 0; i < times; i++) {
        if (kernels)
            ours(kernels, s, x);
        else
            theirs(s, x);
    }
    return (now() - start) / (double)times;
}

static void bench(const struct quell_kernels *kernels, const struct shape *s, double seconds,
                  double top)
{
    size_t columns = (s->n + QUELL_LANES - 1) / QUELL_LANES * QUELL_LANES;
    struct matrices x = fill(s, columns);
    double flops = 2.0 * (double)s->m * (double)s->n * (double)s->k, mine = 1e9, other = 1e9;
    size_t times = (size_t)(1e8 / flops) + 1;
    for (double end = now() + seconds; now() < end;) {
        double t = time_of(kernels, s, &x, times), u = time_of(NULL, s, &x, times);
        if (t < mine) mine = t;
        if (u < other) other = u;
    }
    printf("%5zu x %4zu x %4zu%s  %7.1f  %7.1f  %5.2f", s->m, s->k, s->n,
           s->b_row ? " rows" : "     ", flops / mine * 1e-9, flops / other * 1e-9, other / mine);
    if (top > 0) printf("  %4.0f %%", 100 * flops / mine * 1e-9 / top);
    putchar('\n');
    free(x.a);
    free(x.b);
    free(x.packed);
    free(x.c);
}

static const struct quell_kernels *choose(const char *isa)
{
    const struct quell_kernels *kernels, *found = NULL;
    for (size_t i = 0; (kernels = quell_kernels_at(i)); i++)
        if (quell_kernels_available(kernels) && (!isa || !strcmp(isa, kernels->isa)))
            found = kernels;
    return found;
}

int main(int argc, char **argv)
{
    const struct quell_kernels *kernels = choose(argc > 1 ? argv[1] : NULL);
    double seconds = argc > 2 ? atof(argv[2]) : 0.05;
    if (!kernels) {
        fprintf(stderr, "bench_product: no such instruction set here: %s\n", argv[1]);
        return 2;
    }
    const char *core = !strcmp(kernels->isa, "avx512") ? "SkylakeX" : "Haswell";
    if (strncmp(kernels->isa, "avx", 3) == 0 && !getenv("OPENBLAS_CORETYPE")) {
        setenv("OPENBLAS_CORETYPE", core, 1);
        execvp(argv[0], argv);
    }
    openblas_set_num_threads(1);
    double top = peak(kernels->isa);
    printf("%s, %.1f GFLOP/s of fused multiply-adds in registers; OpenBLAS %s\n", kernels->isa, top,
           openblas_get_corename());
    printf("    m x    k x    n          ours OpenBLAS  ratio  of peak\n");
    static const size_t rows[] = {1, 2, 4, 8, 16, 48, 64, 256, 1024}, sizes[] = {64, 128, 256, 512};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < 4; j++)
            for (size_t l = 0; l < 4; l++)
                bench(kernels, &(struct shape){rows[i], sizes[l], sizes[j], 0, sizes[j], 0},
                      seconds, top);
    for (size_t i = 0; i < sizeof empirical / sizeof *empirical; i++)
        bench(kernels, &empirical[i], seconds, top);
    return 0;
}
