/* SPDX-License-Identifier: MIT */
/* Where the noise is low, E[X | x_t] is x_t / alpha but for little, and methods of higher order
 * divide what is left by sigma: the mean may then be off by no more than its own rounding. */
#include "harness.h"
#include "law.h"
#include "models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 12, ROWS = 20 };

/* Rows near the model's components, as they are where the noise is low. */
static void place(const struct model *model, double alpha, float *x)
{
    uint64_t state = 5;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t e = 0; e < DIM; e++) {
            double mean = model->means[r % model->components * DIM + e];
            x[r * DIM + e] = (float)(alpha * (mean + uniform(&state) - 0.5));
        }
}

static void check(const struct model *model, const quell_denoiser *denoiser, double alpha,
                  double sigma)
{
    float x[ROWS * DIM], mu[ROWS * DIM];
    place(model, alpha, x);
    law_evaluate(denoiser, quell_kernels_at(0), alpha, sigma, ROWS, ROWS, x, mu);
    for (size_t r = 0; r < ROWS; r++) {
        double row[DIM], exact[DIM];
        for (size_t e = 0; e < DIM; e++) row[e] = (double)x[r * DIM + e];
        model_denoise(model, alpha, sigma, row, exact);
        for (size_t e = 0; e < DIM; e++) {
            double size = fmax(fabs(row[e]), fabs(exact[e]));
            double off = fabs((double)mu[r * DIM + e] - exact[e]) / size;
            CHECK(off < 1.6 * 0x1p-24, "%s, alpha %g, sigma %g: off by %g 2^-24", model->kind,
                  alpha, sigma, off * 0x1p24);
        }
    }
}

TEST(low_noise, means_are_rounded_once)
{
    for (size_t k = 0; model_kind(k); k++) {
        if (!strcmp(model_kind(k), "empirical") || !strcmp(model_kind(k), "callback")) continue;
        struct model model = model_new(model_kind(k), DIM);
        quell_denoiser *denoiser = model_denoiser(&model);
        for (double sigma = 1e-3; sigma > 1e-13; sigma /= 10) {
            check(&model, denoiser, 1, sigma);
            check(&model, denoiser, 0.9, sigma);
        }
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}
