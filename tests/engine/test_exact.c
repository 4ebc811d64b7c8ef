/* SPDX-License-Identifier: MIT */
/* Exact samples: their moments are those of the law, and no thread, tile or instruction set changes
 * a bit of them. */
#include "harness.h"
#include "isas.h"
#include "models.h"
#include "engine/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 100000
#define DIM 3
#define ALPHA 0.75
#define SIGMA 0.25

/* The covariance of component k of alpha X + sigma Z. */
static double covariance(const struct model *model, size_t k, size_t i, size_t j)
{
    double sum = i == j ? SIGMA * SIGMA : 0;
    for (size_t e = 0; e < DIM; e++) {
        double left = model->vectors ? model->vectors[e * DIM + i] : (double)(e == i);
        double right = model->vectors ? model->vectors[e * DIM + j] : (double)(e == j);
        sum += ALPHA * ALPHA * model->variances[k * DIM + e] * left * right;
    }
    return sum;
}

/* E[x_i], E[x_i x_j] and E[x_i^2 x_j] of the law: with m and C of a component, by Isserlis,
 * m_i, m_i m_j + C_ij and m_i^2 m_j + m_j C_ii + 2 m_i C_ij. */
static double moment(const struct model *model, int order, size_t i, size_t j)
{
    double sum = 0, weights = 0;
    for (size_t k = 0; k < model->components; k++) {
        double a = ALPHA * model->means[k * DIM + i], b = ALPHA * model->means[k * DIM + j];
        double both = covariance(model, k, i, j), value = a;
        if (order == 2) value = a * b + both;
        if (order == 3) value = a * a * b + b * covariance(model, k, i, i) + 2 * a * both;
        sum += model->weights[k] * value;
        weights += model->weights[k];
    }
    return sum / weights;
}

/* Compares the sample's mean with the law's, in standard errors that are estimated from the
 * sample. */
static void check_moment(const struct model *model, const float *x, int order, size_t i, size_t j)
{
    double sum = 0, squares = 0, expected = moment(model, order, i, j);
    for (size_t n = 0; n < COUNT; n++) {
        double a = (double)x[n * DIM + i], b = (double)x[n * DIM + j];
        double value = order == 1 ? a : order == 2 ? a * b : a * a * b;
        sum += value;
        squares += value * value;
    }
    double mean = sum / COUNT, error = sqrt((squares / COUNT - mean * mean) / COUNT);
    CHECK(fabs(mean - expected) < 4.5 * error, "%s: moment %d of %zu, %zu: %g, not %g +- %g",
          model->kind, order, i, j, mean, expected, error);
}

static float *draw_exact(const quell_denoiser *denoiser, const quell_draw *draw,
                         const quell_run *run)
{
    float *x = calloc(draw->count * quell_denoiser_dim(denoiser), sizeof *x);
    MUST(quell_exact(denoiser, draw, run, ALPHA, SIGMA, x));
    return x;
}

TEST(exact, laws)
{
    for (size_t kind = 0; strcmp(model_kind(kind), "callback"); kind++) {
        struct model model = model_new(model_kind(kind), DIM);
        quell_denoiser *denoiser = model_denoiser(&model);
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        draw.count = COUNT;
        float *x = draw_exact(denoiser, &draw, &run);
        for (size_t i = 0; i < DIM; i++) {
            check_moment(&model, x, 1, i, i);
            for (size_t j = 0; j < DIM; j++) check_moment(&model, x, 2, i, j);
            for (size_t j = 0; j < DIM; j++) check_moment(&model, x, 3, i, j);
        }
        free(x);
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

/* Draws parts of the samples in several ways, and compares them with the whole. */
static void check_bits(const quell_denoiser *denoiser)
{
    size_t dim = quell_denoiser_dim(denoiser);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 5;
    draw.first = UINT64_C(0xfffffffe);
    draw.count = 700;
    run.isa = "scalar";
    run.threads = 1;
    float *whole = draw_exact(denoiser, &draw, &run);
    draw.first += 33;
    draw.count -= 33;
    run.threads = 3;
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        run.isa = k->isa;
        float *part = draw_exact(denoiser, &draw, &run);
        CHECK(!memcmp(part, whole + 33 * dim, draw.count * dim * sizeof *part), "%s, %zu: %s",
              quell_denoiser_kind(denoiser), dim, k->isa);
        free(part);
    }
    free(whole);
}

TEST(exact, bits)
{
    static const size_t dims[] = {1, 2, 7, 70};
    for (size_t kind = 0; strcmp(model_kind(kind), "callback"); kind++)
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
            struct model model = model_new(model_kind(kind), dims[i]);
            quell_denoiser *denoiser = model_denoiser(&model);
            check_bits(denoiser);
            quell_denoiser_free(denoiser);
            model_free(&model);
        }
}

TEST(exact, no_law)
{
    struct model model = model_new("callback", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    float x[DIM];
    CHECK(quell_exact(denoiser, NULL, NULL, 1, 0, x) == QUELL_UNSUPPORTED, "drawn");
    CHECK(strstr(quell_error_message(), "function"), "%s", quell_error_message());
    quell_denoiser_free(denoiser);
    model_free(&model);
}
