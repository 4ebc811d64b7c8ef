/* SPDX-License-Identifier: MIT */
/* What a sampler is created with: the law of x_1, the grid of times, the clamp, schedules whose
 * ends are singular, and what is refused. */
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 5 };

static struct model model;
static quell_denoiser *denoiser;
static quell_schedule *schedule;
static quell_sampler_options options;

static void begin(const char *spec)
{
    model = model_new("diagonal", DIM);
    denoiser = model_denoiser(&model);
    schedule = must_schedule(spec);
    options = quell_sampler_defaults();
    options.steps = 4;
}

static void end(void)
{
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

static quell_sampler *make(const char *spec)
{
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    return sampler;
}

/* x_1 = alpha m + sqrt(alpha^2 v + sigma^2) times the noise of its own stream. */
static void check_init(const double *mean, const double *variance, size_t init_dim, double t)
{
    enum { COUNT = 1000 };
    options.init_dim = init_dim, options.init_mean = mean, options.init_variance = variance;
    options.start = t;
    quell_sampler *sampler = make("ddim");
    quell_run run = quell_run_defaults();
    run.seed = 9, run.first = 500, run.count = COUNT;
    float *x = malloc(COUNT * DIM * sizeof *x), noise[DIM];
    MUST(quell_init(sampler, &run, x));
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, t, &alpha, &sigma));
    for (size_t i = 0; i < COUNT * DIM; i++) {
        size_t e = i % DIM, k = init_dim == 1 ? 0 : e;
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

/* The parameters of x_1 are copied. */
TEST(grid, init_copies)
{
    double mean[DIM] = {1, 2, 3, 4, 5};
    begin("rectified");
    options.init_dim = DIM, options.init_mean = mean, options.start = 0.5;
    quell_sampler *sampler = make("ddim");
    float before[DIM], after[DIM];
    quell_run run = quell_run_defaults();
    MUST(quell_init(sampler, &run, before));
    memset(mean, 0, sizeof mean);
    MUST(quell_init(sampler, &run, after));
    CHECK(!memcmp(before, after, sizeof before), "the caller's array is still read");
    quell_sampler_free(sampler);
    end();
}

struct seen {
    double times[16];
    size_t count;
};

static int note(void *user, size_t transition, const quell_point *s, uint64_t first, size_t rows,
                const float *x)
{
    struct seen *seen = user;
    (void)first, (void)rows, (void)x;
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
    MUST(quell_forward(sampler, &run, x));
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
    quell_run run = quell_run_defaults();
    run.count = 100;
    float x[100 * DIM], mean[100 * DIM];
    int low = 0, high = 0, between = 0;
    MUST(quell_init(sampler, &run, x));
    MUST(quell_denoise(sampler, &run, 1, x, mean));
    MUST(quell_forward(sampler, &run, x));
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
    static const char *const specs[] = {"ddpm", "ddim", "ddim:eta=0.3", "ddim:eta=2"};
    begin("vp");
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, to_nothing, NULL));
    for (size_t i = 0; i < 4; i++)
        for (size_t steps = 1; steps <= 5; steps++) {
            options.steps = steps;
            quell_sampler *sampler = make(specs[i]);
            quell_run run = quell_run_defaults();
            float x[DIM], mean[DIM];
            MUST(quell_init(sampler, &run, x));
            for (size_t k = 0; k + 1 < steps; k++) {
                double n = (double)steps, done = (double)k;
                run.transition = k;
                MUST(quell_step(sampler, &run, 1 - done / n, 1 - (done + 1) / n, x));
            }
            run.transition = steps - 1;
            MUST(quell_denoise(sampler, &run, 1 / (double)steps, x, mean));
            MUST(quell_step(sampler, &run, 1 / (double)steps, 0, x));
            CHECK(!memcmp(x, mean, sizeof x), "%s, T = %zu", specs[i], steps);
            if (steps > 1) continue;
            for (size_t e = 0; e < DIM; e++) /* E[X | x_1] knows nothing of x_1 */
                CHECK(fabs(x[e] - model.means[e]) < 1e-6, "%s: %g", specs[i], (double)x[e]);
        }
    end();
}

TEST(grid, one_step)
{
    begin("vp");
    for (size_t k = 0; quell_schedule_name(k); k++)
        for (size_t i = 0; quell_sampler_name(i); i++) {
            quell_schedule_free(schedule);
            schedule = must_schedule(quell_schedule_name(k));
            options.steps = 1;
            quell_sampler *sampler = make(quell_sampler_name(i));
            float x[DIM];
            quell_run run = quell_run_defaults();
            MUST(quell_init(sampler, &run, x));
            MUST(quell_forward(sampler, &run, x));
            quell_sampler_free(sampler);
        }
    end();
}

static void refused(const char *spec, quell_status status, const char *says)
{
    quell_sampler *sampler = NULL;
    quell_status found = quell_sampler_create(&sampler, spec, denoiser, schedule, &options);
    CHECK(found == status && !sampler, "'%s': %s", spec, quell_status_name(found));
    CHECK(strstr(quell_error_message(), says), "'%s': %s", says, quell_error_message());
    options = quell_sampler_defaults();
}

TEST(grid, refuses_specs)
{
    begin("vp");
    refused("", QUELL_NOT_FOUND, "no such sampler");
    refused("dd", QUELL_NOT_FOUND, "'dd'");
    refused("ddimm", QUELL_NOT_FOUND, "'ddimm'");
    refused("ddpm:eta=1", QUELL_BAD_ARGUMENT, "no option 'eta'");
    refused("ddim:", QUELL_BAD_ARGUMENT, "no option");
    refused("ddim:eta", QUELL_BAD_ARGUMENT, "needs a number");
    refused("ddim:eta=x", QUELL_BAD_ARGUMENT, "needs a number");
    refused("ddim:eta=1 ", QUELL_BAD_ARGUMENT, "needs a number");
    refused("ddim:eta=-0.1", QUELL_BAD_ARGUMENT, "from 0");
    refused("ddim:eta=nan", QUELL_BAD_ARGUMENT, "needs a number");
    refused("ddim:eta=inf", QUELL_BAD_ARGUMENT, "from 0");
    quell_sampler *sampler = NULL;
    CHECK(quell_sampler_create(NULL, "ddim", denoiser, schedule, NULL) == QUELL_BAD_ARGUMENT &&
              quell_sampler_create(&sampler, NULL, denoiser, schedule, NULL) ==
                  QUELL_BAD_ARGUMENT &&
              quell_sampler_create(&sampler, "ddim", NULL, schedule, NULL) == QUELL_BAD_ARGUMENT &&
              quell_sampler_create(&sampler, "ddim", denoiser, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "NULL accepted");
    end();
}

TEST(grid, refuses_options)
{
    const double nan = (double)NAN, values[] = {1, 2, nan, 4, 5}, variances[] = {1, 1, -1, 1, 1};
    begin("vp");
    const double flat[] = {0.9, 0.5, 0.5}, rising[] = {0.9, 0.5, 0.6}, out[] = {1.1, 0.5, 0};
    options.steps = 0, refused("ddim", QUELL_BAD_ARGUMENT, "steps is 0");
    options.steps = 1000001, refused("ddim", QUELL_BAD_ARGUMENT, "steps is 1000001");
    options.start = 0, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.start = 1.5, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.stop = -0.5, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.stop = nan, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.steps = 2, options.times = flat, refused("ddim", QUELL_BAD_ARGUMENT, "time 2");
    options.steps = 2, options.times = rising, refused("ddim", QUELL_BAD_ARGUMENT, "time 2");
    options.steps = 2, options.times = out, refused("ddim", QUELL_BAD_ARGUMENT, "time 0");
    options.clamp_low = 1, options.clamp_high = 0;
    refused("ddim", QUELL_BAD_ARGUMENT, "clamp_low");
    options.clamp_low = nan, refused("ddim", QUELL_BAD_ARGUMENT, "clamp_low");
    options.init_dim = 2, refused("ddim", QUELL_BAD_ARGUMENT, "init_dim is 2");
    options.init_dim = 0, refused("ddim", QUELL_BAD_ARGUMENT, "init_dim is 0");
    options.init_dim = DIM, options.init_mean = values;
    refused("ddim", QUELL_BAD_ARGUMENT, "init_mean[2]");
    options.init_dim = DIM, options.init_variance = variances;
    refused("ddim", QUELL_BAD_ARGUMENT, "init_variance[2]");
    end();
}

/* A schedule whose alpha / sigma rises, and one that is noiseless before its end. */
TEST(grid, refuses_schedules)
{
    begin("ve:sigma_min=10,sigma_max=0.1");
    refused("ddim", QUELL_BAD_ARGUMENT, "must fall in t");
    end();
    begin("vp");
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, to_nothing, NULL));
    quell_sampler *sampler = make("ddim");
    quell_run run = quell_run_defaults();
    float x[DIM] = {1, 2, 3, 4, 5}, out[DIM];
    run.count = 1;
    MUST(quell_step(sampler, &run, 0, 0, x));
    CHECK(quell_step(sampler, &run, 0.5, 0.75, x) == QUELL_BAD_ARGUMENT, "t < s");
    CHECK(quell_step(sampler, &run, 1.5, 0.75, x) == QUELL_BAD_ARGUMENT, "t > 1");
    CHECK(quell_step(sampler, &run, 0.5, -0.5, x) == QUELL_BAD_ARGUMENT, "s < 0");
    CHECK(quell_step(sampler, &run, (double)NAN, 0.5, x) == QUELL_BAD_ARGUMENT, "NaN");
    CHECK(quell_step(sampler, &run, 0.5, (double)NAN, x) == QUELL_BAD_ARGUMENT, "NaN");
    CHECK(quell_denoise(sampler, &run, 1.5, x, out) == QUELL_BAD_ARGUMENT, "denoise at 1.5");
    CHECK(quell_denoise(sampler, &run, (double)NAN, x, out) == QUELL_BAD_ARGUMENT, "at NaN");
    for (size_t e = 0; e < DIM; e++) CHECK(x[e] == (float)(e + 1), "x was changed");
    quell_sampler_free(sampler);
    end();
}

TEST(grid, tables)
{
    CHECK(!strcmp(quell_sampler_name(0), "ddpm") && !strcmp(quell_sampler_name(1), "ddim"),
          "names");
    for (size_t i = 0; quell_sampler_name(i); i++)
        CHECK(strlen(quell_sampler_summary(i)) > 8, "no summary");
    CHECK(!quell_sampler_summary(1000) && !quell_schedule_summary(1000), "past the end");
    CHECK(quell_sampler_dim(NULL) == 0 && quell_sampler_steps(NULL) == 0, "NULL");
    quell_sampler_free(NULL);
}
