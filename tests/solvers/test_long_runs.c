/* SPDX-License-Identifier: MIT */
/* Runs of many steps. What is rounded in each of them must not add up: the engine, in float, may be
 * no further from the plan in double than that plan is whose state is a float wherever it is
 * written, and which rounds nothing else. A factor of the state that is off by 2^-26 in each of
 * 10^5 even steps is off by 1e-3 in the end.
 *
 * That state is not exact either: where steps are so many that they change it by less than half of
 * its last digit, it stays where it is, and is then off by about 2^-26 T / (lambda_0 - lambda_1) of
 * itself, as in any code whose state is a float. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 8, SAMPLES = 2, SEED = 3 };

static double means[DIM] = {-0.75, 0, 0.75, -0.75, 0, 0.75, -0.75, 0};
static double variances[DIM] = {1, 0.25, 1. / 16, 1. / 64, 4, 1, 0.25, 1. / 16};

static void denoise(void *user, const quell_point *t, const double *x, double *mu)
{
    (void)user;
    for (size_t e = 0; e < DIM; e++) {
        double v = variances[e],
               gain = t->alpha * v / (t->alpha * t->alpha * v + t->sigma * t->sigma);
        mu[e] = means[e] + gain * (x[e] - t->alpha * means[e]);
    }
}

struct long_run {
    const char *sampler, *schedule, *grid;
    size_t steps;
};

static void in_double(const struct quell_plan *plan, int rounded, double *x)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct doubles doubles = {DIM, denoise, NULL, SEED, i, 0, rounded};
        doubles_run(&doubles, plan, x + i * DIM);
    }
}

static double worst(const double *x, const double *y)
{
    double most = 0;
    for (size_t i = 0; i < SAMPLES * DIM; i++)
        if (!(fabs(x[i] - y[i]) <= most)) most = fabs(x[i] - y[i]);
    return most;
}

static void check(struct long_run run)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = must_schedule(run.schedule);
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw how_draw = quell_draw_defaults();
    quell_run how = quell_run_defaults();
    float x[SAMPLES * DIM];
    double engine[SAMPLES * DIM], exact[SAMPLES * DIM], rounded[SAMPLES * DIM];
    options.steps = run.steps;
    options.grid = run.grid;
    how_draw.seed = SEED, how_draw.count = SAMPLES, how.threads = 1;
    MUST(quell_denoiser_from_diagonal(&denoiser, DIM, means, variances));
    MUST(quell_sampler_create(&sampler, run.sampler, denoiser, schedule, &options));
    MUST(quell_sample_prior(sampler, &how_draw, &how, x));
    for (size_t i = 0; i < SAMPLES * DIM; i++) exact[i] = rounded[i] = (double)x[i];
    MUST(quell_sample_from(sampler, &how_draw, &how, x));
    for (size_t i = 0; i < SAMPLES * DIM; i++) engine[i] = (double)x[i];
    quell_point *grid = doubles_grid(run.grid, schedule, run.steps);
    struct quell_plan plan = doubles_plan(run.sampler, schedule, grid, run.steps, 0);
    in_double(&plan, 0, exact);
    in_double(&plan, 1, rounded);
    double off = worst(engine, exact), due = worst(rounded, exact);
    /* A random walk of the other roundings of a step, those of the denoiser among them. */
    double allowed = 2 * due + 4 * sqrt((double)run.steps) * 0x1p-24;
    CHECK(off <= allowed, "%s, %s, %s, %zu steps: off by %g, not %g", run.sampler, run.schedule,
          run.grid, run.steps, off, allowed);
    quell_plan_free(&plan);
    free(grid);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

/* Steps even in lambda, where every one has the same factor. dpm_adaptive chooses its own, and by a
 * tolerance that roundings tip. */
TEST(long_runs, of_every_sampler)
{
    const char *name;
    for (size_t i = 0; (name = sampler_name(i)); i++)
        if (its_turn(i, 8, 0) && strcmp(name, "dpm_adaptive"))
            check((struct long_run){name, "ve", "linear", by_effort(2000, 10000, 100000)});
}

TEST(long_runs, of_every_schedule_and_grid)
{
    static const char *const schedules[] = {"vp", "cosine", "rectified", "edm"};
    static const char *const grids[] = {"linear", "logsnr", "karras"};
    for (size_t i = 0; i < 12; i++)
        check((struct long_run){"ddim", schedules[i % 4], grids[i / 4],
                                by_effort(2000, 10000, 100000)});
}

TEST(long_runs, longer)
{
    check((struct long_run){"ddim", "ve", "linear", by_effort(10000, 100000, 1000000)});
    check((struct long_run){"ddpm", "ve", "linear", by_effort(10000, 100000, 1000000)});
}
