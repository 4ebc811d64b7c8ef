/* SPDX-License-Identifier: MIT */
/* Reductions, softmax and norms over more elements than are summed at a time, as rows and as
 * columns, on every instruction set and by several workers: the order of additions is that of
 * docs/programs.md, to the bit. */
#include "arrays.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/sums.h"

/* x[blocks][count][columns], over the dimension in the middle. */
static const struct sizes {
    size_t blocks, count, columns;
} shapes[] = {{5, 1025, 1}, {70, 130, 1},  {1, 2600, 19}, {3, 1024, 65}, {2, 1500, 1},
              {1, 9, 130},  {1, 65600, 2}, {2, 70001, 1}, {3, 1, 70},    {1, 16, 1}};

/* The set of one result. */
static size_t take(const struct sizes *s, const struct array *x, size_t block, size_t column,
                   float *set)
{
    for (size_t i = 0; i < s->count; i++)
        set[i] = (float)x->at[(block * s->count + i) * s->columns + column];
    return s->count;
}

static float rightly(const char *function, size_t count, float *set)
{
    float total = quell_sum(count, set), most = set[0];
    if (!strcmp(function, "sum")) return total;
    if (!strcmp(function, "mean")) return total / (float)count;
    if (!strcmp(function, "norm")) return sqrtf(quell_squares(count, set));
    for (size_t i = 0; i < count; i++)
        if (isnan(set[i]) || set[i] > most) most = set[i];
    if (!strcmp(function, "max")) return most + 0.0f;
    for (size_t i = 0; i < count; i++) set[i] -= total / (float)count;
    return quell_squares(count, set) / (float)count;
}

static struct array run_by(const struct quell_kernels *kernels, size_t workers,
                           const struct array *x, const char *text)
{
    return run_program(&(struct many){
        .instructions = text, .count = 1, .arrays = x, .kernels = kernels, .workers = workers});
}

static void check_reduce(const struct sizes *s, const struct array *x, const char *function)
{
    char text[128];
    size_t results = s->blocks * s->columns;
    float *set = malloc(s->count * sizeof *set), *right = malloc(results * sizeof *right);
    for (size_t i = 0; i < results; i++)
        right[i] = rightly(function, take(s, x, i / s->columns, i % s->columns, set), set);
    snprintf(text, sizeof text, "{'reduce': ['a'], 'function': '%s', 'dims': [1]}", function);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t workers = 1; workers <= 3; workers += 2) {
            struct array got = run_by(k, workers, x, text);
            CHECK(got.count == results, "%s: %zu results, not %zu", k->isa, got.count, results);
            for (size_t i = 0; i < results; i++)
                CHECK((float)got.at[i] == right[i], "%s: %s of %zu, %zu, %zu: %zu is %a, not %a",
                      k->isa, function, s->blocks, s->count, s->columns, i, got.at[i],
                      (double)right[i]);
            array_free(&got);
        }
    free(set);
    free(right);
}

TEST(program_sets, long_reductions_have_the_bits_of_the_specification)
{
    static const char *const functions[] = {"sum", "mean", "norm", "var", "max"};
    struct chance chance = {41};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t size[] = {shapes[i].blocks, shapes[i].count, shapes[i].columns};
        struct array x = array_random(&chance, 3, size);
        for (size_t f = 0; f < 5; f++) check_reduce(&shapes[i], &x, functions[f]);
        array_free(&x);
    }
}

/* The same bits on every instruction set, near the formula in double. */
static void check_all(const struct sizes *s, const struct array *x, bool norm)
{
    const char *text = norm ? "{'norm': ['a'], 'dims': [1]}" : "{'softmax': ['a'], 'dim': 1}";
    struct array right = run_by(isa_after(NULL), 1, x, text);
    for (size_t b = 0; b < s->blocks; b++)
        for (size_t c = 0; c < s->columns; c++) {
            double total = 0, squares = 0, n = (double)s->count;
            const double *at = x->at + b * s->count * s->columns + c;
            for (size_t i = 0; i < s->count; i++) {
                double v = at[i * s->columns];
                total += norm ? v : exp(v);
                squares += v * v;
            }
            double deviation = sqrt(squares / n - total / n * (total / n) + 1e-5);
            for (size_t i = 0; i < s->count; i++) {
                size_t e = (b * s->count + i) * s->columns + c;
                double v = at[i * s->columns];
                double wanted = norm ? (v - total / n) / deviation : exp(v) / total;
                CHECK(fabs(right.at[e] - wanted) <= 2e-6 * fmax(fabs(wanted), norm ? 1 : 0),
                      "%s of %zu, %zu, %zu: %g, not %g", text, s->blocks, s->count, s->columns,
                      right.at[e], wanted);
            }
        }
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        struct array got = run_by(k, 3, x, text);
        for (size_t i = 0; i < got.count; i++)
            CHECK(got.at[i] == right.at[i], "%s, %s: element %zu", text, k->isa, i);
        array_free(&got);
    }
    array_free(&right);
}

TEST(program_sets, long_norms_and_softmax)
{
    struct chance chance = {42};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t size[] = {shapes[i].blocks, shapes[i].count, shapes[i].columns};
        struct array x = array_random(&chance, 3, size);
        check_all(&shapes[i], &x, false);
        if (shapes[i].count > 1) check_all(&shapes[i], &x, true);
        array_free(&x);
    }
}

/* A NaN anywhere is the extreme, and so is what is made of it by softmax. */
TEST(program_sets, extremes_of_nan)
{
    struct chance chance = {43};
    const size_t size[] = {2, 40, 37};
    struct array x = array_random(&chance, 3, size);
    for (size_t i = 0; i < 2 * 40; i += 3) x.at[i * 37 + i % 37] = NAN;
    for (int last = 0; last < 2; last++)
        for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
            struct array got = run_by(k, 2, &x,
                                      last ? "{'reduce': ['a'], 'function': 'min', 'dims': [2]}"
                                           : "{'reduce': ['a'], 'function': 'min', 'dims': [1]}");
            for (size_t i = 0; i < got.count; i++) {
                double least = INFINITY;
                size_t each = last ? 37 : 40, step = last ? 1 : 37;
                size_t begin = last ? i * 37 : i / 37 * 40 * 37 + i % 37;
                for (size_t j = 0; j < each; j++) {
                    double v = x.at[begin + j * step];
                    least = isnan(v) || v < least ? v : least;
                }
                CHECK(got.at[i] == least || (isnan(least) && isnan(got.at[i])),
                      "%s: least %zu is %g, not %g", k->isa, i, got.at[i], least);
            }
            array_free(&got);
        }
    array_free(&x);
}
