/* SPDX-License-Identifier: MIT */
/* The Gaussian denoisers against their twins in double, and their bits over instruction sets and
 * over how rows are grouped. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "isas.h"
#include "law.h"

TEST(denoisers, isotropic)
{
    for (size_t rows = 1; rows <= 40; rows += 3)
        for (size_t i = 0; i < LAW_POINTS; i++) {
            struct law law = law_new(1, rows * 7 % 23 + 1, 1, i % 2 ? 0 : 0.5);
            quell_denoiser *denoiser;
            if (i == 3) memset(law.variances, 0, law.dim * sizeof(double));
            if (i == 5) memset(law.means, 0, law.dim * sizeof(double));
            const double *mean = i == 5 ? NULL : law.means;
            CHECK(!quell_denoiser_from_isotropic(&denoiser, law.dim, mean, law.variances[0]), "%s",
                  quell_error_message());
            law_check_values(denoiser, law_twin, &law, law_points[i][0], law_points[i][1], rows,
                             2e-6);
            quell_denoiser_free(denoiser);
            law_free(&law);
        }
}

TEST(denoisers, diagonal)
{
    for (size_t rows = 1; rows <= 40; rows += 3)
        for (size_t i = 0; i < LAW_POINTS; i++) {
            struct law law = law_new(1, rows * 5 % 19 + 1, 0, i % 2 ? 0 : 0.5);
            quell_denoiser *denoiser;
            law.variances[0] = 0;
            CHECK(!quell_denoiser_from_diagonal(&denoiser, law.dim, law.means, law.variances), "%s",
                  quell_error_message());
            law_check_values(denoiser, law_twin, &law, law_points[i][0], law_points[i][1], rows,
                             2e-6);
            law_check_values(denoiser, law_twin, &law, 0.9, 0, rows, 2e-6);
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
    CHECK(!quell_denoiser_from_isotropic(&denoisers[0], DIM, law.means, 0.3), "isotropic");
    CHECK(!quell_denoiser_from_diagonal(&denoisers[1], DIM, law.means, law.variances), "diagonal");
    float *x = law_draw(&law, 0.5, 0.5, 1), whole[DIM], part[DIM];
    for (size_t i = 0; i < 2; i++) {
        CHECK(denoisers[i]->type->elementwise, "%s", quell_denoiser_kind(denoisers[i]));
        law_evaluate(denoisers[i], quell_kernels_at(0), 0.5, 0.5, 1, 1, x, whole);
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
    law.vectors = law_memory(dim * dim, sizeof(double));
    for (size_t i = 0; i < dim; i++) {
        double *v = law.vectors + i * dim;
        law.variances[i] = i % 5 == 3 ? 0 : pow(10, -2 + 4 * law_uniform());
        for (size_t d = 0; d < dim; d++) v[d] = law_normal();
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
    double *covariance = law_memory(dim * dim, sizeof *covariance);
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
        CHECK(!quell_denoiser_from_covariance(&denoisers[0], law.dim, law.means, covariance), "%s",
              quell_error_message());
        CHECK(!quell_denoiser_from_eigenbasis(&denoisers[1], law.dim, law.means, law.variances,
                                              law.vectors),
              "%s", quell_error_message());
        for (size_t i = 0; i < LAW_POINTS; i++)
            for (size_t k = 0; k < 2; k++) {
                double alpha = law_points[i][0], gain = alpha > 0.01 ? 1 / alpha : 1;
                law_check_values(denoisers[k], law_twin_full, &law, alpha, law_points[i][1],
                                 (i * 13 + j * 5) % 40 + 1,
                                 5e-6 * gain * (1 + law_points[i][1] / 100));
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
    float *x = law_draw(&law, 0.6, 0.8, ROWS), a[ROWS * DIM], b[ROWS * DIM];
    CHECK(!quell_denoiser_from_covariance(&made, DIM, law.means, covariance), "full");
    CHECK(!quell_denoiser_eigenbasis(made, values, vectors), "eigenbasis");
    CHECK(!quell_denoiser_eigenbasis(made, NULL, NULL), "eigenbasis of nothing");
    CHECK(!quell_denoiser_from_eigenbasis(&stored, DIM, law.means, values, vectors), "eigen");
    law_evaluate(made, quell_kernels_at(0), 0.6, 0.8, ROWS, ROWS, x, a);
    law_evaluate(stored, quell_kernels_at(0), 0.6, 0.8, ROWS, ROWS, x, b);
    CHECK(memcmp(a, b, sizeof a) == 0, "the bits differ");
    quell_denoiser_free(made);
    CHECK(!quell_denoiser_from_isotropic(&made, 3, NULL, 1), "isotropic");
    CHECK(quell_denoiser_eigenbasis(made, values, vectors) == QUELL_BAD_ARGUMENT, "isotropic");
    CHECK(quell_denoiser_eigenbasis(NULL, values, vectors) == QUELL_BAD_ARGUMENT, "NULL");
    quell_denoiser_free(made);
    quell_denoiser_free(stored);
    free(x);
    free(covariance);
    law_free(&law);
}
