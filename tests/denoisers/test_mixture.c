/* SPDX-License-Identifier: MIT */
/* The mixture denoiser against its twin in double. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "effort.h"
#include "harness.h"
#include "isas.h"
#include "law.h"

/* The variances a mixture is made with: one per component, or all. */
static quell_denoiser *mixture_of(const struct law *law, int one_variance)
{
    quell_denoiser *denoiser = NULL;
    quell_status status;
    double *variances = law_memory(law->components, sizeof(double));
    for (size_t k = 0; k < law->components; k++) variances[k] = law->variances[k * law->dim];
    if (one_variance)
        status = quell_denoiser_from_mixture(&denoiser, law->components, law->dim, law->weights,
                                             law->means, variances);
    else
        status = quell_denoiser_from_diagonal_mixture(&denoiser, law->components, law->dim,
                                                      law->weights, law->means, law->variances);
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
    law_check_values(denoiser, law_twin, &law, alpha, sigma, rows, 2e-5 + 1e-6 * (double)dim);
    quell_denoiser_free(denoiser);
    law_free(&law);
}

TEST(mixture, sizes)
{
    static const size_t sizes[][2] = {{1, 1},   {2, 1},  {25, 2}, {3, 7},  {65, 3},
                                      {130, 2}, {5, 64}, {9, 65}, {4, 200}};
    size_t rows = 0;
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
        for (size_t i = 0; i < LAW_POINTS; i++)
            for (int one = 0; one < 2; one++) {
                rows = (rows + 7) % 40;
                check_mixture(sizes[j][0], sizes[j][1], one, 1e-3, rows + 1, law_points[i][0],
                              law_points[i][1]);
            }
}

/* No noise, and hardly any variance. */
TEST(mixture, without_noise)
{
    for (int one = 0; one < 2; one++) {
        check_mixture(25, 2, one, 0.01, 33, 1, 0);
        check_mixture(25, 2, one, 0.01, 17, 0.8, 1e-6);
        check_mixture(4, 30, one, 0, 17, 0.8, 1e-3);
    }
}

TEST(mixture, large)
{
    check_mixture(1000, 2, 1, 1e-3, 5, 0.5, 0.8);
    check_mixture(7, 3072, 1, 1e-3, 3, 0.5, 0.8);
    check_mixture(7, 3072, 0, 1e-3, 3, 0.01, 1);
    if (is_long()) check_mixture(1000, 3072, 0, 1e-3, 17, 0.01, 1);
}

/* A component without variance is a point: refused only where there is no noise either. */
TEST(mixture, point)
{
    double weights[2] = {1, 2}, means[2] = {-1, 1}, variances[2] = {0, 0.5};
    quell_denoiser *denoiser;
    CHECK(!quell_denoiser_from_mixture(&denoiser, 2, 1, weights, means, variances), "mixture");
    CHECK(!denoiser->type->check(denoiser, 1, 1e-3), "refused sigma 1e-3");
    CHECK(denoiser->type->check(denoiser, 1, 0) == QUELL_BAD_ARGUMENT, "took sigma 0");
    quell_denoiser_free(denoiser);
}

/* A NaN in one sample gives NaN in this sample, and in no other. */
static void check_nan(quell_denoiser *denoiser)
{
    size_t dim = denoiser->dim;
    float *x = law_memory(20 * dim, sizeof *x), *out = law_memory(20 * dim, sizeof *out);
    float *clean = law_memory(20 * dim, sizeof *clean);
    for (size_t i = 0; i < 20 * dim; i++) x[i] = (float)law_normal();
    for (const struct quell_kernels *kernels = isa_after(NULL); kernels;
         kernels = isa_after(kernels))
        for (size_t low = 0; low < 2; low++) {
            double sigma = low ? 1e-3 : 1;
            float kept = x[5 * dim];
            law_evaluate(denoiser, kernels, 1, sigma, 20, 20, x, clean);
            x[5 * dim] = low ? NAN : INFINITY;
            law_evaluate(denoiser, kernels, 1, sigma, 20, 20, x, out);
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
    for (size_t i = 0; i < 300; i++) data[i] = (float)law_normal();
    check_nan(mixture_of(&law, 1));
    check_nan(mixture_of(&law, 0));
    CHECK(!quell_denoiser_from_points(&denoiser, 100, 3, data), "empirical");
    check_nan(denoiser);
    CHECK(!quell_denoiser_from_isotropic(&denoiser, 3, NULL, 1), "isotropic");
    check_nan(denoiser);
    law_free(&law);
}
