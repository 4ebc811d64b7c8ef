/* SPDX-License-Identifier: MIT */
/* Which sample a run names that makes numbers which are not finite: the lowest that does, in its
 * first operation, on any number of threads and in any tiles. */
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 3, STEPS = 4, COUNT = 64, FIRST = 100, LARGE = 20000 };

/* Where a function writes NaN: at that time, or, if the sampler chooses the times, before it. */
static const struct slip {
    uint64_t sample;
    double t;
    size_t element;
} slips[] = {{150, 1, 2},    {131, 1, 1},    {110, 0.5, 0},
             {107, 0.25, 1}, {107, 0.25, 2}, {163, 0.75, 0}};

#define SLIPS (sizeof slips / sizeof *slips)

static int slip_there(void *user, const quell_call *call, const float *input, float *output)
{
    const int *chooses = user;
    (void)input;
    memset(output, 0, call->rows * call->dim * sizeof *output);
    for (size_t i = 0; i < SLIPS; i++)
        if (slips[i].sample >= call->first && slips[i].sample < call->first + call->rows &&
            (*chooses ? call->t < slips[i].t : fabs(call->t - slips[i].t) < 0.01))
            output[(slips[i].sample - call->first) * call->dim + slips[i].element] = (float)NAN;
    return 0;
}

static quell_sampler *sampler_of(size_t dim, const char *spec, int whole_batch)
{
    quell_sampler_options options = quell_sampler_defaults();
    quell_function_options how = quell_function_defaults();
    quell_schedule *schedule = must_schedule("rectified");
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    static int chooses;
    chooses = !strcmp(spec, "dpm_adaptive");
    how.whole_batch = whole_batch, how.reproducible = !whole_batch;
    options.steps = steps_for(spec, STEPS);
    MUST(quell_denoiser_from_function(&denoiser, dim, slip_there, &chooses, &how));
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    return sampler;
}

/* The same message for all threads and tiles, by a draw, or from x[count * dim], if given. */
static void check(const quell_sampler *sampler, size_t count, const float *given,
                  const char *message)
{
    static const size_t tiles[] = {0, 1, 7, 16, 64};
    size_t size = count * quell_sampler_dim(sampler);
    float *x = malloc(size * sizeof *x);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.first = FIRST, draw.count = count;
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++)
        for (run.threads = 1; run.threads <= 8; run.threads++) {
            run.tile = tiles[i];
            if (given) memcpy(x, given, size * sizeof *x);
            quell_status status = given ? quell_sample_from(sampler, &draw, &run, x)
                                        : quell_sample(sampler, &draw, &run, x);
            CHECK(status == QUELL_NOT_FINITE && !strcmp(quell_error_message(), message),
                  "%zu threads, tile %zu: '%s', not '%s'", run.threads, run.tile,
                  quell_error_message(), message);
        }
    free(x);
}

TEST(first_failure, function)
{
    static const char *const specs[] = {"ddim", "dpmpp_2m", "pc"};
    static const char message[] =
        "run: sample 107, transition 3: the denoiser (function) returned nan in element 1";
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        quell_sampler *sampler = sampler_of(DIM, specs[i], 0);
        check(sampler, COUNT, NULL, message);
        check(sampler, 8, NULL, message);
        quell_sampler_free(sampler);
    }
}

static void check_one(size_t dim, const char *spec, int whole, size_t count, const char *message)
{
    quell_sampler *sampler = sampler_of(dim, spec, whole);
    check(sampler, count, NULL, message);
    quell_sampler_free(sampler);
}

/* A sampler that chooses its own steps for each sample. */
TEST(first_failure, adaptive)
{
    check_one(DIM, "dpm_adaptive", 0, COUNT,
              "run: sample 107, transition 0: the denoiser (function) returned nan in element 1");
}

/* Few large samples take each operation together if there are many threads. */
TEST(first_failure, large_samples)
{
    check_one(LARGE, "ddim", 0, 11,
              "run: sample 107, transition 3: the denoiser (function) returned nan in element 1");
}

/* Whole batches do that as well, and a function for them is not asked for a part of one. */
TEST(first_failure, whole_batch)
{
    check_one(DIM, "ddim", 1, COUNT,
              "run: sample 131, transition 0: the denoiser (function) returned nan in element 1");
}

/* A value of the caller's x that is not finite is reported before any other failure. */
TEST(first_failure, given)
{
    quell_sampler *sampler = sampler_of(DIM, "ddim", 0);
    float x[COUNT * DIM] = {0};
    x[60 * DIM + 2] = (float)NAN, x[57 * DIM + 1] = -(float)INFINITY;
    check(sampler, COUNT, x, "run: x[57][1] is -inf before the first transition");
    quell_sampler_free(sampler);
}

static int grow(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) {
        quell_plan_combine(plan, QUELL_STATE, 1, &(quell_term){1e10, QUELL_STATE}, 0, NULL);
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
    return 0;
}

/* The parts of a large sample are in tiles of their own. The first operation that fails is named,
 * and its first element. */
TEST(first_failure, parts_of_samples)
{
    enum { ROWS = 5 };
    quell_sampler_options options = quell_sampler_defaults();
    quell_schedule *schedule = must_schedule("rectified");
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    float *x = calloc(ROWS * LARGE, sizeof *x);
    options.steps = STEPS;
    MUST(quell_denoiser_from_isotropic(&denoiser, LARGE, NULL, 1));
    MUST(quell_sampler_from_builder(&sampler, grow, NULL, NULL, denoiser, schedule, &options));
    x[4 * LARGE] = 1e30f, x[3 * LARGE + 1] = 1e30f;
    x[2 * LARGE] = 1e5f, x[2 * LARGE + 9000] = -1e15f, x[2 * LARGE + 19999] = 1e15f;
    check(sampler, ROWS, x,
          "run: sample 102, transition 2: the sampler made -inf in element 9000, of finite outputs "
          "of the denoiser");
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    free(x);
}

/* A step function sees all rows of a tile or none: the lowest tile that fails is named. */
static int halve(void *user, quell_transition *at, const quell_point *t, const quell_point *s,
                 float *x)
{
    uint64_t first = quell_transition_first(at);
    size_t rows = quell_transition_rows(at), *most = user;
    (void)t, (void)s;
    CHECK(rows == 16 || first + rows == FIRST + COUNT, "a step function sees %zu rows", rows);
    for (size_t i = 0; i < rows * DIM; i++) x[i] /= 2;
    if (first <= 120 && first + rows > 120 && quell_transition_index(at) == 3)
        x[(120 - first) * DIM] = (float)NAN;
    if (first > 120 && most) x[0] = (float)NAN;
    return 0;
}

TEST(first_failure, step)
{
    quell_sampler_options options = quell_sampler_defaults();
    quell_schedule *schedule = must_schedule("rectified");
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    size_t most = 1;
    float x[COUNT * DIM];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.first = FIRST, draw.count = COUNT, run.tile = 16, options.steps = STEPS;
    MUST(quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1));
    MUST(quell_sampler_from_step(&sampler, halve, &most, NULL, denoiser, schedule, &options));
    for (run.threads = 1; run.threads <= 4; run.threads++) {
        quell_status status = quell_sample(sampler, &draw, &run, x);
        CHECK(status == QUELL_NOT_FINITE &&
                  !strcmp(quell_error_message(),
                          "run: sample 120, transition 3: the step function left nan in element 0"),
              "%zu threads: %s", run.threads, quell_error_message());
    }
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}
