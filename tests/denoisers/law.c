/* SPDX-License-Identifier: MIT */
#include "law.h"
#include "effort.h"
#include "guard.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double law_points[LAW_POINTS][2] = {{1, 1e-3}, {0.999, 0.05}, {0.7, 0.7}, {0.3, 0.95},
                                          {1e-3, 1}, {0, 1},        {1, 1000},  {1, 0.3}};

static uint64_t state = 1;

double law_uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) * 0x1p-53;
}

double law_normal(void)
{
    double radius = sqrt(-2 * log(law_uniform()));
    return radius * cos(6.283185307179586 * law_uniform());
}

void *law_memory(size_t count, size_t size)
{
    void *memory = NULL;
    CHECK(posix_memalign(&memory, 64, count * size + 64) == 0, "no memory for a test");
    memset(memory, 0, count * size + 64);
    return memory;
}

/* E[X | x] by its definition, in double. */
void law_twin(const struct law *law, double alpha, double sigma, const float *x, double *out)
{
    double *logit = law_memory(law->components, sizeof *logit), greatest = -INFINITY, total = 0;
    for (size_t k = 0; k < law->components; k++) {
        logit[k] = log(law->weights[k]);
        for (size_t d = 0; d < law->dim && law->components > 1; d++) {
            double s = alpha * alpha * law->variances[k * law->dim + d] + sigma * sigma;
            double difference = (double)x[d] - alpha * law->means[k * law->dim + d];
            logit[k] -= 0.5 * log(s) + difference * difference / (2 * s);
        }
        greatest = fmax(greatest, logit[k]);
    }
    for (size_t d = 0; d < law->dim; d++) out[d] = 0;
    for (size_t k = 0; k < law->components; k++) {
        double w = exp(logit[k] - greatest);
        total += w;
        for (size_t d = 0; d < law->dim; d++) {
            double v = law->variances[k * law->dim + d], m = law->means[k * law->dim + d];
            double s = alpha * alpha * v + sigma * sigma;
            out[d] += w * (m + (v > 0 ? alpha * v / s : 0) * ((double)x[d] - alpha * m));
        }
    }
    for (size_t d = 0; d < law->dim; d++) out[d] /= total;
    free(logit);
}

/* E[X | x] in the eigenbasis, whose rows are law->vectors. */
void law_twin_full(const struct law *law, double alpha, double sigma, const float *x, double *out)
{
    for (size_t d = 0; d < law->dim; d++) out[d] = law->means[d];
    for (size_t i = 0; i < law->dim; i++) {
        const double *v = law->vectors + i * law->dim;
        double y = 0, l = law->variances[i];
        for (size_t d = 0; d < law->dim; d++) y += v[d] * ((double)x[d] - alpha * law->means[d]);
        y *= l > 0 ? alpha * l / (alpha * alpha * l + sigma * sigma) : 0;
        for (size_t d = 0; d < law->dim; d++) out[d] += v[d] * y;
    }
}

/* A random law whose means are floats, as the library stores them. */
struct law law_new(size_t components, size_t dim, int one_variance, double least)
{
    struct law law = {.components = components, .dim = dim};
    state = 1000003 * components + dim; /* so that the order of tests does not matter */
    law.weights = law_memory(components, sizeof(double));
    law.means = law_memory(components * dim, sizeof(double));
    law.variances = law_memory(components * dim, sizeof(double));
    for (size_t k = 0; k < components; k++) {
        law.weights[k] = 0.1 + law_uniform();
        for (size_t d = 0; d < dim; d++) {
            size_t at = k * dim + d;
            law.means[at] = (double)(float)(4 * law_uniform() - 2);
            law.variances[at] = (double)(float)(least + 0.1 * law_uniform() * law_uniform());
            if (one_variance && d) law.variances[at] = law.variances[k * dim];
        }
    }
    return law;
}

void law_free(struct law *law)
{
    free(law->weights);
    free(law->means);
    free(law->variances);
    free(law->vectors);
}

/* x_t = alpha X + sigma Z with X near one of the means; every eighth far from all. */
float *law_draw(const struct law *law, double alpha, double sigma, size_t rows)
{
    float *x = law_memory(rows * law->dim, sizeof *x);
    for (size_t row = 0; row < rows; row++) {
        size_t k = (size_t)(law_uniform() * (double)law->components);
        double spread = row % 8 == 7 ? 3 : 1;
        for (size_t d = 0; d < law->dim; d++) {
            double v = law->vectors ? 0.1 : law->variances[k * law->dim + d];
            double clean = law->means[k * law->dim + d] + sqrt(v) * law_normal();
            x[row * law->dim + d] = (float)(spread * (alpha * clean + sigma * law_normal()));
        }
    }
    return x;
}

/* The denoiser's constants of a point, in memory full of NaNs that ends where they do. */
static void *constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                       double alpha, double sigma)
{
    const struct quell_denoiser_class *type = denoiser->type;
    size_t bytes = type->constants ? type->constants_size(denoiser) : 0;
    unsigned char *memory = law_memory(bytes + 64, 1);
    memset(memory, 0xFF, bytes);
    quell_denoiser_constants(denoiser, kernels, 0, alpha, sigma, memory);
    for (size_t i = 0; i < 64; i++)
        CHECK(memory[bytes + i] == 0, "%s: wrote past its constants", type->kind);
    return memory;
}

/* Evaluates `rows` rows, at most `group` at a time, with scratch memory full of NaNs. */
void law_evaluate(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double alpha,
                  double sigma, size_t rows, size_t group, const float *x, float *out)
{
    const struct quell_denoiser_class *type = denoiser->type;
    void *point = constants(denoiser, kernels, alpha, sigma);
    for (size_t row = 0, now; row < rows; row += now) {
        now = rows - row < group ? rows - row : group;
        size_t bytes = type->scratch_size ? type->scratch_size(denoiser, now) : 0;
        unsigned char *scratch = law_memory(bytes + 64, 1);
        memset(scratch, 0xFF, bytes);
        struct quell_evaluation e = {.kernels = kernels, .alpha = alpha, .sigma = sigma};
        e.first = row;
        e.rows = now;
        e.elements = denoiser->dim;
        e.workers = 1;
        e.x = x + row * denoiser->dim;
        e.out = out + row * denoiser->dim;
        e.scratch = scratch;
        e.constants = point;
        CHECK(type->evaluate(denoiser, &e) == 0, "%s: evaluate failed", type->kind);
        for (size_t i = 0; i < 64; i++)
            CHECK(scratch[bytes + i] == 0, "%s: wrote past its scratch memory", type->kind);
        free(scratch);
    }
    free(point);
}

/* The same bits from every table and every grouping, with memory that ends where the rows do;
 * leaves them in out. */
void law_check_bits(const quell_denoiser *denoiser, double alpha, double sigma, size_t rows,
                    const float *x, float *out)
{
    static const size_t groups[] = {SIZE_MAX, 1, 33, 7, 32, 16};
    static size_t turn;
    size_t count = rows * denoiser->dim, bytes = count * sizeof *out;
    struct guard from = guard_new(count), to = guard_new(count);
    float *in = memcpy(from.last - count, x, bytes), *other = to.last - count;
    law_evaluate(denoiser, quell_kernels_at(0), alpha, sigma, rows, rows, in, out);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
            if (!its_turn(g, sizeof groups / sizeof *groups, turn)) continue;
            law_evaluate(denoiser, k, alpha, sigma, rows, groups[g], in, other);
            CHECK(memcmp(out, other, bytes) == 0, "%s, alpha %g, sigma %g: %s in groups of %zu",
                  denoiser->type->kind, alpha, sigma, k->isa, groups[g]);
        }
    turn++;
    guard_free(&from);
    guard_free(&to);
}

/* Compares the denoiser with its twin. The tolerance is relative to 1 + |E|, for inputs whose
 * posterior gain is at most 1 / alpha. */
void law_check_values(const quell_denoiser *denoiser, law_twin_function *function,
                      const struct law *law, double alpha, double sigma, size_t rows,
                      double tolerance)
{
    size_t dim = law->dim;
    float *x = law_draw(law, alpha, sigma, rows), *out = law_memory(rows * dim, sizeof *out);
    double *right = law_memory(dim, sizeof *right);
    law_check_bits(denoiser, alpha, sigma, rows, x, out);
    for (size_t row = 0; row < rows; row++) {
        function(law, alpha, sigma, x + row * dim, right);
        for (size_t d = 0; d < dim; d++) {
            double error = fabs((double)out[row * dim + d] - right[d]);
            CHECK(error <= tolerance * (1 + fabs(right[d])),
                  "%s, alpha %g, sigma %g, dim %zu: row %zu of %zu, element %zu is %.9g, not %.9g",
                  denoiser->type->kind, alpha, sigma, dim, row, rows, d, (double)out[row * dim + d],
                  right[d]);
        }
    }
    free(x);
    free(out);
    free(right);
}
