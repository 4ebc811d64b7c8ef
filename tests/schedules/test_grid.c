/* SPDX-License-Identifier: MIT */
/* What a sampler is created with: the law of x_1, the grid of times, the clamp, and schedules whose
 * ends are singular. */
#include "fixture.h"
#include "harness.h"
#include "names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static quell_sampler *make(const char *spec)
{
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    return sampler;
}

/* x_1 = alpha m + sqrt(alpha^2 v + sigma^2) times the noise of its own stream. */
static void check_init(const double *mean, const double *variance, size_t prior_dim, double t)
{
    enum { COUNT = 1000 };
    options.prior_dim = prior_dim, options.prior_mean = mean, options.prior_variance = variance;
    options.start = t;
    quell_sampler *sampler = make("ddim");
    quell_draw draw = quell_draw_defaults();
    draw.seed = 9, draw.first = 500, draw.count = COUNT;
    float *x = malloc(COUNT * DIM * sizeof *x), noise[DIM];
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, t, &alpha, &sigma));
    for (size_t i = 0; i < COUNT * DIM; i++) {
        size_t e = i % DIM, k = prior_dim == 1 ? 0 : e;
        MUST(quell_noise(9, QUELL_STREAM_INIT, 500 + i / DIM, 0, DIM, noise));
        double m = mean ? mean[k] : 0, v = variance ? variance[k] : 1;
        double exact = alpha * m + sqrt(alpha * alpha * v + sigma * sigma) * noise[e];
        CHECK(fabs(x[i] - exact) < 3e-7 * (fabs(exact) + fabs(alpha * m)) + 1e-12,
              "element %zu: %.9g, not %.9g", i, (double)x[i], exact);
    }
    free(x);
    quell_sampler_free(sampler);
}

TEST(grid, init)
{
    const double mean[DIM] = {1, -2, 3, 0, 0.5}, variance[DIM] = {0, 4, 0.25, 1, 9};
    begin("rectified");
    check_init(NULL, NULL, 1, 1);
    check_init(mean, variance, 1, 0.5);
    check_init(mean, variance, DIM, 0.25);
    check_init(NULL, variance, DIM, 0.9);
    check_init(mean, NULL, DIM, 0.1);
    end();
}

/* Samples that are drawn in chunks, and split between tiles. */
TEST(grid, init_large)
{
    static const size_t dims[] = {3, 700, 2049, 4096, 9001};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
        size_t dim = dims[i], count = 5;
        struct model large = model_new("callback", dim);
        double *variance = malloc(dim * sizeof *variance);
        float *x = malloc(count * dim * sizeof *x), *noise = malloc(dim * sizeof *noise);
        for (size_t e = 0; e < dim; e++) variance[e] = (double)(e % 13 * e % 17);
        quell_schedule *straight = must_schedule("rectified");
        quell_denoiser *callback = model_denoiser(&large);
        quell_sampler_options own = quell_sampler_defaults();
        own.start = 0.5, own.prior_dim = dim, own.prior_mean = large.means;
        own.prior_variance = variance;
        quell_sampler *sampler = NULL;
        MUST(quell_sampler_create(&sampler, "ddim", callback, straight, &own));
        quell_draw draw = quell_draw_defaults();
        draw.count = count;
        MUST(quell_sample_prior(sampler, &draw, NULL, x));
        for (size_t k = 0; k < count * dim; k++) {
            size_t e = k % dim;
            if (e == 0) MUST(quell_noise(0, QUELL_STREAM_INIT, k / dim, 0, dim, noise));
            double exact = 0.5005 * (large.means[e] + sqrt(variance[e] + 1) * noise[e]);
            CHECK(fabs(x[k] - exact) < 1e-6 * (2 + fabs(exact)), "dim %zu, element %zu: %g, not %g",
                  dim, k, (double)x[k], exact);
        }
        quell_sampler_free(sampler);
        quell_denoiser_free(callback);
        quell_schedule_free(straight);
        model_free(&large);
        free(variance);
        free(noise);
        free(x);
    }
}

/* The parameters of x_1 are copied. */
TEST(grid, init_copies)
{
    double mean[DIM] = {1, 2, 3, 4, 5};
    begin("rectified");
    options.prior_dim = DIM, options.prior_mean = mean, options.start = 0.5;
    quell_sampler *sampler = make("ddim");
    float before[DIM], after[DIM];
    MUST(quell_sample_prior(sampler, NULL, NULL, before));
    memset(mean, 0, sizeof mean);
    MUST(quell_sample_prior(sampler, NULL, NULL, after));
    CHECK(!memcmp(before, after, sizeof before), "the caller's array is still read");
    quell_sampler_free(sampler);
    end();
}

struct seen {
    double times[16];
    size_t count;
};

static int note(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    struct seen *seen = user;
    (void)told, (void)x;
    if (transition == seen->count) seen->times[seen->count++] = s->t;
    return 0;
}

static void check_times(const double *times, size_t steps)
{
    quell_sampler *sampler = make("ddpm");
    struct seen seen = {{0}, 0};
    quell_run run = quell_run_defaults();
    run.observe = note, run.observe_user = &seen;
    float x[DIM] = {0};
    MUST(quell_sample_from(sampler, NULL, &run, x));
    CHECK(seen.count == steps && quell_sampler_steps(sampler) == steps, "%zu steps", seen.count);
    for (size_t i = 0; i < steps; i++)
        CHECK(fabs(seen.times[i] - times[i + 1]) < 1e-15, "time %zu: %.17g", i, seen.times[i]);
    CHECK(seen.times[steps - 1] == times[steps], "the last time, to the bit");
    quell_sampler_free(sampler);
}

TEST(grid, times)
{
    begin("vp");
    check_times((const double[]){1, 0.75, 0.5, 0.25, 0}, 4);
    options.start = 0.9, options.stop = 0.1;
    check_times((const double[]){0.9, 0.7, 0.5, 0.3, 0.1}, 4);
    options.steps = 1;
    check_times((const double[]){0.9, 0.1}, 1);
    for (double stop = 0.001; stop < 0.9; stop += 0.0123) { /* no rounding at the end */
        options.steps = 7, options.stop = stop;
        double times[8];
        for (int i = 0; i < 8; i++) times[i] = 0.9 + (stop - 0.9) * i / 7;
        times[7] = stop;
        check_times(times, 7);
    }
    double given[] = {0.95, 0.9, 0.4, 0.05};
    options.start = 1, options.stop = 0; /* which times are in place of */
    options.steps = 3, options.times = given;
    check_times((const double[]){0.95, 0.9, 0.4, 0.05}, 3);
    end();
}

/* A clamp binds the denoiser's output: with T = 1 and sigma_0 tiny, x_0 is within it. */
TEST(grid, clamp)
{
    begin("rectified:sigma_min=1e-30");
    options.steps = 1;
    options.clamp_low = -0.5, options.clamp_high = 0.25;
    quell_sampler *sampler = make("ddim");
    quell_draw draw = quell_draw_defaults();
    draw.count = 100;
    float x[100 * DIM], mean[100 * DIM];
    int low = 0, high = 0, between = 0;
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    MUST(quell_denoise(sampler, &draw, NULL, 1, x, mean));
    MUST(quell_sample_from(sampler, &draw, NULL, x));
    for (size_t i = 0; i < 100 * DIM; i++) {
        CHECK(x[i] >= -0.5f && x[i] <= 0.25f && x[i] == mean[i], "%g", (double)x[i]);
        low += x[i] == -0.5f, high += x[i] == 0.25f, between += x[i] > -0.5f && x[i] < 0.25f;
    }
    CHECK(low && high && between, "%d below, %d above, %d between", low, high, between);
    quell_sampler_free(sampler);
    end();
}

static int to_nothing(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t, *sigma = t;
    return 0;
}

/* alpha = 0 at t = 1 and sigma = 0 at t = 0, exactly: the last transition lands on the posterior
 * mean of its state, without noise and without a NaN, for any T. */
TEST(grid, singular_ends)
{
    static const char *const specs[] = {"ddpm", "ddim", "ddim:eta=0.3", "ddim:eta=1"};
    begin("vp");
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, to_nothing, NULL, NULL));
    for (size_t i = 0; i < 4; i++)
        for (size_t steps = 1; steps <= 5; steps++) {
            options.steps = steps;
            quell_sampler *sampler = make(specs[i]);
            float x[DIM], mean[DIM];
            MUST(quell_sample_prior(sampler, NULL, NULL, x));
            for (size_t k = 0; k + 1 < steps; k++) {
                double n = (double)steps, done = (double)k;
                MUST(quell_step(sampler, NULL, NULL, 1 - done / n, 1 - (done + 1) / n, x));
            }
            MUST(quell_denoise(sampler, NULL, NULL, 1 / (double)steps, x, mean));
            MUST(quell_step(sampler, NULL, NULL, 1 / (double)steps, 0, x));
            CHECK(!memcmp(x, mean, sizeof x), "%s, T = %zu", specs[i], steps);
            quell_sampler_free(sampler);
            for (size_t e = 0; steps == 1 && e < DIM; e++) /* E[X | x_1] knows nothing of x_1 */
                CHECK(fabs(x[e] - model.means[e]) < 1e-6, "%s: %g", specs[i], (double)x[e]);
        }
    end();
}

TEST(grid, one_step)
{
    begin("vp");
    for (size_t k = 0; schedule_name(k); k++)
        for (size_t i = 0; sampler_name(i); i++) {
            quell_schedule_free(schedule);
            schedule = must_schedule(schedule_name(k));
            options.steps = 1;
            quell_sampler *sampler = NULL;
            if (quell_sampler_create(&sampler, sampler_name(i), denoiser, schedule,
                                     &options)) { /* adaptive steps cannot begin there */
                CHECK(strstr(quell_error_message(), "alpha must not be 0 at the start"),
                      "%s, %s: %s", sampler_name(i), schedule_name(k), quell_error_message());
                continue;
            }
            float x[DIM];
            MUST(quell_sample(sampler, NULL, NULL, x));
            quell_sampler_free(sampler);
        }
    end();
}
