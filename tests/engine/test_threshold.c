/* SPDX-License-Identifier: MIT */
/* Dynamic thresholding against a naive twin in double: sort, interpolate, clip, divide. */
#include "drawing.h"
#include "harness.h"
#include "models.h"
#include "engine/threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* torch.quantile of |x|, interpolation "linear". */
static double quantile_twin(const float *x, size_t count, double q)
{
    double *sorted = malloc(count * sizeof *sorted), place = q * (double)(count - 1);
    for (size_t i = 0; i < count; i++) sorted[i] = fabs((double)x[i]);
    qsort(sorted, count, sizeof *sorted, ascending);
    size_t low = (size_t)floor(place), high = low + 1 < count ? low + 1 : low;
    double found = sorted[low] + (place - (double)low) * (sorted[high] - sorted[low]);
    free(sorted);
    return found;
}

TEST(threshold, quantiles)
{
    static const double quantiles[] = {0, 0.1, 0.5, 0.9, 0.95, 0.995, 1};
    uint64_t state = 3;
    for (size_t count = 1; count < 3000; count = count * 3 / 2 + 1) {
        float *x = malloc(count * sizeof *x);
        for (size_t kind = 0; kind < 3; kind++) { /* spread, few values, equal */
            for (size_t i = 0; i < count; i++) {
                double u = 2 * uniform(&state) - 1;
                x[i] = (float)(kind == 0 ? u * exp(20 * u) : kind == 1 ? floor(3 * u) : -2);
            }
            for (size_t k = 0; k < sizeof quantiles / sizeof *quantiles; k++) {
                double found = quell_quantile(x, count, quantiles[k]);
                double right = quantile_twin(x, count, quantiles[k]);
                CHECK(fabs(found - right) <= 1e-15 * right, "%zu of kind %zu, %g: %.17g, not %.17g",
                      count, kind, quantiles[k], found, right);
            }
        }
        free(x);
    }
}

static quell_sampler *thresholding(const quell_denoiser *denoiser, const quell_schedule *schedule,
                                   double quantile, double most)
{
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 3, options.threshold = quantile, options.threshold_max = most;
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, "ddim:eta=0.5", denoiser, schedule, &options));
    return sampler;
}

/* E[X | x_t] as quell_denoise gives it, against the twin. */
static void check_values(size_t dim, double quantile, double most)
{
    enum { ROWS = 5 };
    struct model model = model_new("diagonal", dim);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *plain = thresholding(denoiser, schedule, 0, INFINITY);
    quell_sampler *sampler = thresholding(denoiser, schedule, quantile, most);
    float *x = malloc(3 * ROWS * dim * sizeof *x), *mean = x + ROWS * dim,
          *found = mean + ROWS * dim;
    quell_draw draw = quell_draw_defaults();
    draw.count = ROWS;
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    for (size_t i = 0; i < ROWS * dim; i++) x[i] *= (float)(1 + i / dim); /* rows of all sizes */
    MUST(quell_denoise(plain, &draw, NULL, 0.3, x, mean));
    MUST(quell_denoise(sampler, &draw, NULL, 0.3, x, found));
    for (size_t row = 0; row < ROWS; row++) {
        double s = fmax(fmin(quantile_twin(mean + row * dim, dim, quantile), most), 1);
        for (size_t e = 0; e < dim; e++) {
            double right = fmin(fmax((double)mean[row * dim + e], -s), s) / s;
            CHECK(fabs((double)found[row * dim + e] - right) < 2e-7,
                  "dim %zu, row %zu, element %zu: %.9g, not %.9g", dim, row, e,
                  (double)found[row * dim + e], right);
        }
    }
    free(x);
    quell_sampler_free(plain);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

TEST(threshold, values)
{
    check_values(1, 0.995, (double)INFINITY);
    check_values(7, 0.5, (double)INFINITY);
    check_values(300, 0.995, (double)INFINITY);
    check_values(300, 0.9, 1.25);
    check_values(20011, 0.995, (double)INFINITY);
}

/* The quantile is that of the whole sample, however the engine cuts the batch, and of no other
 * sample. */
TEST(threshold, every_way)
{
    static const struct {
        const char *kind;
        size_t dim, count;
    } cases[] = {{"isotropic", 3, 200},
                 {"mixture", 16, 40},
                 {"diagonal", 5003, 3},
                 {"callback", 9000, 2},
                 {"isotropic", 200000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model = model_new(cases[i].kind, cases[i].dim);
        quell_denoiser *denoiser = model_denoiser(&model);
        quell_schedule *schedule = must_schedule("cosine");
        quell_sampler *sampler = thresholding(denoiser, schedule, 0.6, (double)INFINITY);
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        draw.count = cases[i].count, draw.first = 3, run.threads = 1;
        float *x = malloc(draw.count * model.dim * sizeof *x);
        must_draw(sampler, &draw, &run, x);
        check_every_way(model.kind, sampler, &draw, &run, x);
        free(x);
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

static void refused(double threshold, double most, double clamp)
{
    struct model model = model_new("isotropic", 2);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler_options options = quell_sampler_defaults();
    quell_sampler *sampler = NULL;
    options.threshold = threshold, options.threshold_max = most, options.clamp_high = clamp;
    CHECK(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options) ==
                  QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "threshold"),
          "%g, %g, %g: %s", threshold, most, clamp, quell_error_message());
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

TEST(threshold, refusals)
{
    const double none = (double)INFINITY;
    refused(1.5, none, none);
    refused(-0.1, none, none);
    refused((double)NAN, none, none);
    refused(0.9, 0.5, none);
    refused(0.9, none, 1);
}
