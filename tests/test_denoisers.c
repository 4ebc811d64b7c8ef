/* SPDX-License-Identifier: MIT */
/* The exact denoisers against naive twins in double; their bits over instruction sets and over how
 * rows are grouped; what their constructors refuse. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "denoisers/denoiser.h"
#include "guard.h"
#include "harness.h"
#include "isas.h"

static uint64_t state = 1;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
    double radius = sqrt(-2 * log(uniform()));
    return radius * cos(6.283185307179586 * uniform());
}

static void *make(size_t count, size_t size)
{
    void *memory = NULL;
    CHECK(posix_memalign(&memory, 64, count * size + 64) == 0, "no memory for a test");
    memset(memory, 0, count * size + 64);
    return memory;
}

/* X ~ sum_k weights[k] N(means[k], covariances), as all our models are for their twin: `full` of
 * one component has an eigenbasis, the others have variances[components][dim]. */
struct law {
    size_t components, dim;
    double *weights, *means, *variances, *vectors;
};

/* E[X | x] by the textbook, in double. */
static void twin(const struct law *law, double alpha, double sigma, const float *x, double *out)
{
    double *logit = make(law->components, sizeof *logit), greatest = -INFINITY, total = 0;
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

/* The same in the eigenbasis, whose rows are law->vectors. */
static void twin_full(const struct law *law, double alpha, double sigma, const float *x,
                      double *out)
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
static struct law law_new(size_t components, size_t dim, int one_variance, double least)
{
    struct law law = {.components = components, .dim = dim};
    state = 1000003 * components + dim; /* the same numbers in whatever order tests run */
    law.weights = make(components, sizeof(double));
    law.means = make(components * dim, sizeof(double));
    law.variances = make(components * dim, sizeof(double));
    for (size_t k = 0; k < components; k++) {
        law.weights[k] = 0.1 + uniform();
        for (size_t d = 0; d < dim; d++) {
            size_t at = k * dim + d;
            law.means[at] = (double)(float)(4 * uniform() - 2);
            law.variances[at] = (double)(float)(least + 0.1 * uniform() * uniform());
            if (one_variance && d) law.variances[at] = law.variances[k * dim];
        }
    }
    return law;
}

static void law_free(struct law *law)
{
    free(law->weights);
    free(law->means);
    free(law->variances);
    free(law->vectors);
}

/* x_t = alpha X + sigma Z with X near one of the means; every eighth far from all. */
static float *draw(const struct law *law, double alpha, double sigma, size_t rows)
{
    float *x = make(rows * law->dim, sizeof *x);
    for (size_t row = 0; row < rows; row++) {
        size_t k = (size_t)(uniform() * (double)law->components);
        double spread = row % 8 == 7 ? 3 : 1;
        for (size_t d = 0; d < law->dim; d++) {
            double v = law->vectors ? 0.1 : law->variances[k * law->dim + d];
            double clean = law->means[k * law->dim + d] + sqrt(v) * normal();
            x[row * law->dim + d] = (float)(spread * (alpha * clean + sigma * normal()));
        }
    }
    return x;
}

/* Evaluates `rows` rows, at most `group` at a time, with scratch memory full of NaNs. */
static void evaluate(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                     double alpha, double sigma, size_t rows, size_t group, const float *x,
                     float *out)
{
    const struct quell_denoiser_class *type = denoiser->type;
    for (size_t row = 0, now; row < rows; row += now) {
        now = rows - row < group ? rows - row : group;
        size_t bytes = type->scratch_size ? type->scratch_size(denoiser, now) : 0;
        unsigned char *scratch = make(bytes + 64, 1);
        memset(scratch, 0xFF, bytes);
        struct quell_evaluation e = {.kernels = kernels, .alpha = alpha, .sigma = sigma};
        e.first = row;
        e.rows = now;
        e.elements = denoiser->dim;
        e.workers = 1;
        e.x = x + row * denoiser->dim;
        e.out = out + row * denoiser->dim;
        e.scratch = scratch;
        CHECK(type->evaluate(denoiser, &e) == 0, "%s: evaluate failed", type->kind);
        for (size_t i = 0; i < 64; i++)
            CHECK(scratch[bytes + i] == 0, "%s: wrote past its scratch memory", type->kind);
        free(scratch);
    }
}

/* The same bits from every table and every grouping, with memory that ends where the rows do;
 * leaves them in out. */
static void check_bits(const quell_denoiser *denoiser, double alpha, double sigma, size_t rows,
                       const float *x, float *out)
{
    static const size_t groups[] = {1, 7, 16, 32, 33, SIZE_MAX};
    size_t count = rows * denoiser->dim, bytes = count * sizeof *out;
    struct guard from = guard_new(count), to = guard_new(count);
    float *in = memcpy(from.last - count, x, bytes), *other = to.last - count;
    evaluate(denoiser, quell_kernels_at(0), alpha, sigma, rows, rows, in, out);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
            evaluate(denoiser, k, alpha, sigma, rows, groups[g], in, other);
            CHECK(memcmp(out, other, bytes) == 0, "%s, alpha %g, sigma %g: %s in groups of %zu",
                  denoiser->type->kind, alpha, sigma, k->isa, groups[g]);
        }
    guard_free(&from);
    guard_free(&to);
}

typedef void twin_function(const struct law *law, double alpha, double sigma, const float *x,
                           double *out);

/* Holds the denoiser against its twin; the tolerance is relative to 1 + |E|, for inputs whose
 * posterior gain is at most 1 / alpha. */
static void check_values(const quell_denoiser *denoiser, twin_function *function,
                         const struct law *law, double alpha, double sigma, size_t rows,
                         double tolerance)
{
    size_t dim = law->dim;
    float *x = draw(law, alpha, sigma, rows), *out = make(rows * dim, sizeof *out);
    double *right = make(dim, sizeof *right);
    check_bits(denoiser, alpha, sigma, rows, x, out);
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

static const double points[][2] = {{1, 1e-3}, {0.999, 0.05}, {0.7, 0.7}, {0.3, 0.95},
                                   {1e-3, 1}, {0, 1},        {1, 1000},  {1, 0.3}};
#define POINTS (sizeof points / sizeof *points)

static const double zeros[40];

TEST(denoisers, isotropic)
{
    for (size_t rows = 1; rows <= 40; rows += 3)
        for (size_t i = 0; i < POINTS; i++) {
            struct law law = law_new(1, rows * 7 % 23 + 1, 1, i % 2 ? 0 : 0.5);
            quell_denoiser *denoiser;
            if (i == 3) memset(law.variances, 0, law.dim * sizeof(double));
            if (i == 5) memset(law.means, 0, law.dim * sizeof(double));
            const double *mean = i == 5 ? NULL : law.means;
            CHECK(!quell_denoiser_isotropic(&denoiser, law.dim, mean, law.variances[0]), "%s",
                  quell_error_message());
            check_values(denoiser, twin, &law, points[i][0], points[i][1], rows, 2e-6);
            quell_denoiser_free(denoiser);
            law_free(&law);
        }
}

TEST(denoisers, diagonal)
{
    for (size_t rows = 1; rows <= 40; rows += 3)
        for (size_t i = 0; i < POINTS; i++) {
            struct law law = law_new(1, rows * 5 % 19 + 1, 0, i % 2 ? 0 : 0.5);
            quell_denoiser *denoiser;
            law.variances[0] = 0;
            CHECK(!quell_denoiser_diagonal(&denoiser, law.dim, law.means, law.variances), "%s",
                  quell_error_message());
            check_values(denoiser, twin, &law, points[i][0], points[i][1], rows, 2e-6);
            check_values(denoiser, twin, &law, 0.9, 0, rows, 2e-6);
            quell_denoiser_free(denoiser);
            law_free(&law);
        }
}

/* A part of a sample gives what the whole gives: where the engine splits. */
TEST(denoisers, elements)
{
    enum { DIM = 2500 };
    struct law law = law_new(1, DIM, 0, 0.1);
    quell_denoiser *denoisers[2];
    CHECK(!quell_denoiser_isotropic(&denoisers[0], DIM, law.means, 0.3), "isotropic");
    CHECK(!quell_denoiser_diagonal(&denoisers[1], DIM, law.means, law.variances), "diagonal");
    float *x = draw(&law, 0.5, 0.5, 1), whole[DIM], part[DIM];
    for (size_t i = 0; i < 2; i++) {
        CHECK(denoisers[i]->type->elementwise, "%s", quell_denoiser_kind(denoisers[i]));
        evaluate(denoisers[i], quell_kernels_at(0), 0.5, 0.5, 1, 1, x, whole);
        for (size_t at = 0, n = 997; at < DIM; at += n) {
            struct quell_evaluation e = {.kernels = quell_kernels_at(0), .alpha = 0.5};
            e.sigma = 0.5;
            e.rows = 1;
            e.element = at;
            e.elements = DIM - at < n ? DIM - at : n;
            e.x = x + at;
            e.out = part + at;
            CHECK(denoisers[i]->type->evaluate(denoisers[i], &e) == 0, "evaluate");
        }
        CHECK(memcmp(whole, part, sizeof whole) == 0, "%s", quell_denoiser_kind(denoisers[i]));
        quell_denoiser_free(denoisers[i]);
    }
    free(x);
    law_free(&law);
}

/* A random orthonormal basis (Gram-Schmidt, twice) with eigenvalues over four decades. */
static struct law full_law(size_t dim)
{
    struct law law = law_new(1, dim, 0, 0);
    law.vectors = make(dim * dim, sizeof(double));
    for (size_t i = 0; i < dim; i++) {
        double *v = law.vectors + i * dim;
        law.variances[i] = i % 5 == 3 ? 0 : pow(10, -2 + 4 * uniform());
        for (size_t d = 0; d < dim; d++) v[d] = normal();
        for (size_t again = 0; again < 2; again++) {
            double square = 0;
            for (size_t j = 0; j < i; j++) {
                double dot = 0, *u = law.vectors + j * dim;
                for (size_t d = 0; d < dim; d++) dot += u[d] * v[d];
                for (size_t d = 0; d < dim; d++) v[d] -= dot * u[d];
            }
            for (size_t d = 0; d < dim; d++) square += v[d] * v[d];
            for (size_t d = 0; d < dim; d++) v[d] /= sqrt(square);
        }
    }
    return law;
}

static double *covariance_of(const struct law *law)
{
    size_t dim = law->dim;
    double *covariance = make(dim * dim, sizeof *covariance);
    for (size_t i = 0; i < dim; i++)
        for (size_t r = 0; r < dim; r++)
            for (size_t c = 0; c < dim; c++)
                covariance[r * dim + c] +=
                    law->variances[i] * law->vectors[i * dim + r] * law->vectors[i * dim + c];
    return covariance;
}

TEST(denoisers, full)
{
    static const size_t dims[] = {1, 2, 5, 16, 33, 100};
    for (size_t j = 0; j < sizeof dims / sizeof *dims; j++) {
        struct law law = full_law(dims[j]);
        double *covariance = covariance_of(&law);
        quell_denoiser *denoisers[2];
        CHECK(!quell_denoiser_full(&denoisers[0], law.dim, law.means, covariance), "%s",
              quell_error_message());
        CHECK(!quell_denoiser_eigen(&denoisers[1], law.dim, law.means, law.variances, law.vectors),
              "%s", quell_error_message());
        for (size_t i = 0; i < POINTS; i++)
            for (size_t k = 0; k < 2; k++) {
                double alpha = points[i][0], gain = alpha > 0.01 ? 1 / alpha : 1;
                check_values(denoisers[k], twin_full, &law, alpha, points[i][1],
                             (i * 13 + j * 5) % 40 + 1, 5e-6 * gain * (1 + points[i][1] / 100));
            }
        quell_denoiser_free(denoisers[0]);
        quell_denoiser_free(denoisers[1]);
        free(covariance);
        law_free(&law);
    }
}

/* A stored eigenbasis gives the denoiser back, bit for bit. */
TEST(denoisers, eigenbasis)
{
    enum { DIM = 20, ROWS = 9 };
    struct law law = full_law(DIM);
    double *covariance = covariance_of(&law), values[DIM], vectors[DIM * DIM];
    quell_denoiser *made, *stored;
    float *x = draw(&law, 0.6, 0.8, ROWS), a[ROWS * DIM], b[ROWS * DIM];
    CHECK(!quell_denoiser_full(&made, DIM, law.means, covariance), "full");
    CHECK(!quell_denoiser_eigenbasis(made, values, vectors), "eigenbasis");
    CHECK(!quell_denoiser_eigenbasis(made, NULL, NULL), "eigenbasis of nothing");
    CHECK(!quell_denoiser_eigen(&stored, DIM, law.means, values, vectors), "eigen");
    evaluate(made, quell_kernels_at(0), 0.6, 0.8, ROWS, ROWS, x, a);
    evaluate(stored, quell_kernels_at(0), 0.6, 0.8, ROWS, ROWS, x, b);
    CHECK(memcmp(a, b, sizeof a) == 0, "the bits differ");
    quell_denoiser_free(made);
    CHECK(!quell_denoiser_isotropic(&made, 3, NULL, 1), "isotropic");
    CHECK(quell_denoiser_eigenbasis(made, values, vectors) == QUELL_BAD_ARGUMENT, "isotropic");
    CHECK(quell_denoiser_eigenbasis(NULL, values, vectors) == QUELL_BAD_ARGUMENT, "NULL");
    quell_denoiser_free(made);
    quell_denoiser_free(stored);
    free(x);
    free(covariance);
    law_free(&law);
}

/* The variances a mixture is made with: one per component, or all. */
static quell_denoiser *mixture_of(const struct law *law, int one_variance)
{
    quell_denoiser *denoiser = NULL;
    quell_status status;
    double *variances = make(law->components, sizeof(double));
    for (size_t k = 0; k < law->components; k++) variances[k] = law->variances[k * law->dim];
    if (one_variance)
        status = quell_denoiser_mixture(&denoiser, law->components, law->dim, law->weights,
                                        law->means, variances);
    else
        status = quell_denoiser_mixture_diagonal(&denoiser, law->components, law->dim, law->weights,
                                                 law->means, law->variances);
    CHECK(!status, "%s", quell_error_message());
    free(variances);
    return denoiser;
}

/* A logit of about dim / 2 (and 9 times that for samples far away) is right to a few roundings. */
static void check_mixture(size_t components, size_t dim, int one_variance, double least,
                          size_t rows, double alpha, double sigma)
{
    struct law law = law_new(components, dim, one_variance, least);
    quell_denoiser *denoiser = mixture_of(&law, one_variance);
    check_values(denoiser, twin, &law, alpha, sigma, rows, 2e-5 + 1e-6 * (double)dim);
    quell_denoiser_free(denoiser);
    law_free(&law);
}

TEST(denoisers, mixture)
{
    static const size_t sizes[][2] = {{1, 1},   {2, 1},  {25, 2}, {3, 7},  {65, 3},
                                      {130, 2}, {5, 64}, {9, 65}, {4, 200}};
    size_t rows = 0;
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
        for (size_t i = 0; i < POINTS; i++)
            for (int one = 0; one < 2; one++) {
                rows = (rows + 7) % 40;
                check_mixture(sizes[j][0], sizes[j][1], one, 1e-3, rows + 1, points[i][0],
                              points[i][1]);
            }
}

/* No noise, and hardly any variance. */
TEST(denoisers, mixture_without_noise)
{
    for (int one = 0; one < 2; one++) {
        check_mixture(25, 2, one, 0.01, 33, 1, 0);
        check_mixture(25, 2, one, 0.01, 17, 0.8, 1e-6);
        check_mixture(4, 30, one, 0, 17, 0.8, 1e-3);
    }
}

TEST(denoisers, mixture_large)
{
    check_mixture(1000, 2, 1, 1e-3, 5, 0.5, 0.8);
    check_mixture(7, 3072, 1, 1e-3, 3, 0.5, 0.8);
    check_mixture(7, 3072, 0, 1e-3, 3, 0.01, 1);
    if (getenv("QUELL_LONG")) check_mixture(1000, 3072, 0, 1e-3, 17, 0.01, 1);
}

/* A component without variance is a point: refused only where there is no noise either. */
TEST(denoisers, mixture_point)
{
    double weights[2] = {1, 2}, means[2] = {-1, 1}, variances[2] = {0, 0.5};
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_mixture(&denoiser, 2, 1, weights, means, variances), "mixture");
    CHECK(!denoiser->type->check(denoiser, 1, 1e-3), "refused sigma 1e-3");
    CHECK(denoiser->type->check(denoiser, 1, 0) == QUELL_BAD_ARGUMENT, "took sigma 0");
    quell_denoiser_free(denoiser);
}

/* Not a number in one sample stays there, and does not disappear. */
static void check_nan(quell_denoiser *denoiser)
{
    size_t dim = denoiser->dim;
    float *x = make(20 * dim, sizeof *x), *out = make(20 * dim, sizeof *out);
    float *clean = make(20 * dim, sizeof *clean);
    for (size_t i = 0; i < 20 * dim; i++) x[i] = (float)normal();
    for (const struct quell_kernels *kernels = isa_after(NULL); kernels;
         kernels = isa_after(kernels))
        for (size_t low = 0; low < 2; low++) {
            double sigma = low ? 1e-3 : 1;
            float kept = x[5 * dim];
            evaluate(denoiser, kernels, 1, sigma, 20, 20, x, clean);
            x[5 * dim] = low ? NAN : INFINITY;
            evaluate(denoiser, kernels, 1, sigma, 20, 20, x, out);
            x[5 * dim] = kept;
            CHECK(!isfinite(out[5 * dim]), "%s, %s: %g", denoiser->type->kind, kernels->isa,
                  (double)out[5 * dim]);
            for (size_t at = 0; at < 20 * dim; at++)
                CHECK(at / dim == 5 || out[at] == clean[at], "%s, %s: element %zu",
                      denoiser->type->kind, kernels->isa, at);
        }
    quell_denoiser_free(denoiser);
    free(x);
    free(out);
    free(clean);
}

TEST(denoisers, nan)
{
    struct law law = law_new(30, 3, 1, 0.01);
    float data[300];
    quell_denoiser *denoiser;
    for (size_t i = 0; i < 300; i++) data[i] = (float)normal();
    check_nan(mixture_of(&law, 1));
    check_nan(mixture_of(&law, 0));
    CHECK(!quell_denoiser_empirical(&denoiser, 100, 3, data), "empirical");
    check_nan(denoiser);
    CHECK(!quell_denoiser_isotropic(&denoiser, 3, NULL, 1), "isotropic");
    check_nan(denoiser);
    law_free(&law);
}

/* The points of an empirical law as its means, without variance. */
static struct law data_law(size_t count, size_t dim, float **data)
{
    struct law law = law_new(count, dim, 1, 0);
    memset(law.variances, 0, count * dim * sizeof(double));
    *data = make(count * dim, sizeof **data);
    for (size_t k = 0; k < count; k++) law.weights[k] = 1;
    for (size_t i = 0; i < count * dim; i++) (*data)[i] = (float)law.means[i];
    return law;
}

static void set_data(struct law *law, float *data, size_t at, double value)
{
    data[at] = (float)value;
    law->means[at] = (double)data[at];
}

static void check_empirical(const struct law *law, const float *data, size_t rows)
{
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_empirical(&denoiser, law->components, law->dim, data), "%s",
          quell_error_message());
    for (size_t i = 0; i < POINTS; i++)
        check_values(denoiser, twin, law, points[i][0], points[i][1], rows, 1e-5);
    quell_denoiser_free(denoiser);
}

TEST(denoisers, empirical)
{
    static const size_t sizes[][2] = {{1, 1},   {2, 3},    {127, 2},  {128, 16},
                                      {129, 5}, {300, 33}, {700, 64}, {260, 784}};
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
        float *data;
        struct law law = data_law(sizes[j][0], sizes[j][1], &data);
        check_empirical(&law, data, j == 7 ? 3 : (j * 11 + 4) % 40 + 1);
        free(data);
        law_free(&law);
    }
}

/* Points that differ in their last digits, far from 0: as products all logits would be noise. The
 * posterior mean is right to the distance of the points, not only to their size. */
TEST(denoisers, empirical_near_duplicates)
{
    enum { COUNT = 300, DIM = 40, ROWS = 33 };
    static const double sigmas[] = {1e-3, 3e-3, 0.03};
    float *data;
    struct law law = data_law(COUNT, DIM, &data);
    for (size_t i = 0; i < COUNT * DIM; i++) {
        double base = 3 + law.means[i % (3 * DIM)];
        set_data(&law, data, i, base + 1e-3 * normal());
    }
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_empirical(&denoiser, COUNT, DIM, data), "%s", quell_error_message());
    for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++)
        check_values(denoiser, twin, &law, 1, sigmas[i], ROWS, 3e-7);
    quell_denoiser_free(denoiser);
    free(data);
    law_free(&law);
}

/* x_t half-way between two distant points at low noise, where rounding would choose one of them. */
TEST(denoisers, empirical_half_way)
{
    enum { COUNT = 40, DIM = 100 };
    float *data, x[DIM], out[DIM];
    double right[DIM];
    struct law law = data_law(COUNT, DIM, &data);
    quell_denoiser *denoiser;
    for (size_t d = 0; d < DIM; d++) {
        set_data(&law, data, d, 0.1 + 0.01 * normal());
        set_data(&law, data, DIM + d, 0.4 + 0.01 * normal());
        x[d] = (data[d] + data[DIM + d]) / 2;
    }
    CHECK(!quell_denoiser_empirical(&denoiser, COUNT, DIM, data), "%s", quell_error_message());
    for (double sigma = 1e-3; sigma < 10; sigma *= 3) {
        check_bits(denoiser, 1, sigma, 1, x, out);
        twin(&law, 1, sigma, x, right);
        for (size_t d = 0; d < DIM; d++)
            CHECK(fabs((double)out[d] - right[d]) < 3e-6, "sigma %g: element %zu is %g, not %g",
                  sigma, d, (double)out[d], right[d]);
    }
    CHECK(denoiser->type->needs_noise, "no noise needed");
    CHECK(denoiser->type->check(denoiser, 1, 0) == QUELL_BAD_ARGUMENT, "took sigma 0");
    CHECK(!denoiser->type->check(denoiser, 1, 1e-3), "refused sigma 1e-3");
    quell_denoiser_free(denoiser);
    free(data);
    law_free(&law);
}

/* `call` fails with BAD, says why, and makes no denoiser. */
#define REFUSED(call, status)                                               \
    do {                                                                    \
        denoiser = NULL;                                                    \
        CHECK((call) == (status) && !denoiser, "%s", #call);                \
        CHECK(strlen(quell_error_message()) > 10, "no message: %s", #call); \
    } while (0)
#define BAD QUELL_BAD_ARGUMENT

TEST(denoisers, refuse_gaussians)
{
    quell_denoiser *denoiser;
    double one[2] = {1, 1}, nan[2] = {0, NAN}, negative[2] = {1, -1}, huge[2] = {1, 1e300};
    REFUSED(quell_denoiser_isotropic(NULL, 2, one, 1), BAD);
    REFUSED(quell_denoiser_isotropic(&denoiser, 0, one, 1), BAD);
    REFUSED(quell_denoiser_isotropic(&denoiser, SIZE_MAX, one, 1), BAD);
    REFUSED(quell_denoiser_isotropic(&denoiser, 2, one, -1), BAD);
    REFUSED(quell_denoiser_isotropic(&denoiser, 2, one, NAN), BAD);
    REFUSED(quell_denoiser_isotropic(&denoiser, 2, one, INFINITY), BAD);
    REFUSED(quell_denoiser_isotropic(&denoiser, 2, nan, 1), BAD);
    REFUSED(quell_denoiser_diagonal(NULL, 2, one, one), BAD);
    REFUSED(quell_denoiser_diagonal(&denoiser, 0, one, one), BAD);
    REFUSED(quell_denoiser_diagonal(&denoiser, 2, one, NULL), BAD);
    REFUSED(quell_denoiser_diagonal(&denoiser, 2, one, negative), BAD);
    REFUSED(quell_denoiser_diagonal(&denoiser, 2, one, nan), BAD);
    REFUSED(quell_denoiser_diagonal(&denoiser, 2, huge, one), BAD);
}

TEST(denoisers, refuse_full)
{
    quell_denoiser *denoiser;
    double one[2] = {1, 1}, nan[2] = {NAN, 1}, negative[2] = {-1, 1};
    double unit[4] = {1, 0, 0, 1}, skew[4] = {1, 0.5, 0.4, 1}, indefinite[4] = {1, 2, 2, 1};
    double infinite[4] = {1, INFINITY, INFINITY, 1}, not_unit[4] = {1, 0, 0, 1.001};
    double oblique[4] = {1, 0, 0.6, 0.8}, nan_vectors[4] = {1, 0, 0, NAN};
    double minus[4] = {-1, 0, 0, -2}, barely[4] = {1, 1, 1, 1 - 1e-8};
    REFUSED(quell_denoiser_full(NULL, 2, one, unit), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 0, one, unit), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 40000, one, unit), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 2, one, NULL), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 2, nan, unit), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 2, one, skew), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 2, one, indefinite), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 2, one, infinite), BAD);
    REFUSED(quell_denoiser_full(&denoiser, 2, one, minus), BAD);
    REFUSED(quell_denoiser_eigen(NULL, 2, one, one, unit), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 0, one, one, unit), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, NULL, unit), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, one, NULL), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, negative, unit), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, nan, unit), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, one, not_unit), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, one, oblique), BAD);
    REFUSED(quell_denoiser_eigen(&denoiser, 2, one, one, nan_vectors), BAD);
    CHECK(!quell_denoiser_full(&denoiser, 2, one, barely), "rounding below 0 was refused");
    quell_denoiser_free(denoiser);
    CHECK(!quell_denoiser_full(&denoiser, 2, one, zeros), "a covariance of 0 was refused");
    quell_denoiser_free(denoiser);
}

TEST(denoisers, refuse_mixtures)
{
    quell_denoiser *denoiser;
    double one[4] = {1, 1, 1, 1}, nan[4] = {1, NAN, 1, 1}, negative[4] = {1, -1, 1, 1};
    double none[4] = {1, 0, 1, 1}, huge[4] = {1.7e308, 1.7e308, 1, 1};
    REFUSED(quell_denoiser_mixture(NULL, 2, 2, one, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 0, 2, one, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 0, one, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, NULL, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, one, NULL, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, one, one, NULL), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, none, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, nan, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, huge, one, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, one, nan, one), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, 2, 2, one, one, negative), BAD);
    REFUSED(quell_denoiser_mixture_diagonal(&denoiser, 2, 2, one, one, nan), BAD);
    REFUSED(quell_denoiser_mixture(&denoiser, SIZE_MAX / 2, 2, one, one, one), QUELL_NO_MEMORY);
    REFUSED(quell_denoiser_mixture_diagonal(&denoiser, SIZE_MAX / 8, 1u << 20, one, one, one),
            QUELL_NO_MEMORY);
}

TEST(denoisers, refuse_empirical)
{
    quell_denoiser *denoiser;
    float one[4] = {1, 1, 1, 1}, nan[4] = {1, NAN, 1, 1}, huge[4] = {3e38f, 1, -3e38f, 1};
    REFUSED(quell_denoiser_empirical(NULL, 2, 2, one), BAD);
    REFUSED(quell_denoiser_empirical(&denoiser, 0, 2, one), BAD);
    REFUSED(quell_denoiser_empirical(&denoiser, 2, 0, one), BAD);
    REFUSED(quell_denoiser_empirical(&denoiser, 2, 2, NULL), BAD);
    REFUSED(quell_denoiser_empirical(&denoiser, 2, 2, nan), BAD);
    REFUSED(quell_denoiser_empirical(&denoiser, SIZE_MAX / 2, 2, one), QUELL_NO_MEMORY);
    CHECK(!quell_denoiser_empirical(&denoiser, 2, 2, huge), "points of 3e38 were refused");
    CHECK(denoiser->type->check(denoiser, 1, 1) == BAD, "sigma 1 for points of 3e38");
    quell_denoiser_free(denoiser);
}
