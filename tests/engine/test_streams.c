/* SPDX-License-Identifier: MIT */
/* Samples of several streams in one draw: each has the bits that it has in a draw of its own. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 9, STEPS = 3 };

/* Two users' samples and some at the ends of what numbers there are; one pair is there twice. */
static const uint64_t seeds[COUNT] = {7, 7, 0, UINT64_MAX, 7, 1, UINT64_C(1) << 32, 1, 12345};
static const uint64_t indices[COUNT] = {0, 1, UINT64_MAX - 1, 3, 0, 2, 0xffffffff, 1, 77};

static quell_sampler *sampler_of(const char *spec, const quell_denoiser *denoiser,
                                 const quell_schedule *schedule, int brownian)
{
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps_for(spec, STEPS), options.brownian = brownian;
    return quell_sampler_create(&sampler, spec, denoiser, schedule, &options) ? NULL : sampler;
}

/* Draws each sample alone, from what a draw of all says. */
static void draw_alone(const quell_sampler *sampler, const quell_draw *all, float *x)
{
    for (size_t i = 0; i < all->count; i++) {
        quell_draw alone = quell_draw_defaults();
        quell_run one = quell_run_defaults();
        one.threads = 1;
        alone.seed = all->seeds ? all->seeds[i] : all->seed;
        alone.first = all->indices ? all->indices[i] : all->first;
        must_draw(sampler, &alone, &one, x + i * quell_sampler_dim(sampler));
    }
}

/* brief: on one number of threads, in one size of tiles. */
static void hold(const char *what, const quell_sampler *sampler, const quell_draw *draw, int brief)
{
    quell_run run = quell_run_defaults();
    run.threads = 2, run.tile = brief ? 2 : 0;
    size_t size = draw->count * quell_sampler_dim(sampler);
    float *alone = malloc(size * sizeof *alone), *x = malloc(size * sizeof *x);
    draw_alone(sampler, draw, alone);
    must_draw(sampler, draw, &run, x);
    for (size_t i = 0; i < size; i++)
        CHECK(!memcmp(&x[i], &alone[i], sizeof *x), "%s: sample %zu, element %zu: %g, alone %g",
              what, i / (size / draw->count), i % (size / draw->count), (double)x[i],
              (double)alone[i]);
    if (!brief) check_every_way(what, sampler, draw, NULL, alone);
    free(alone);
    free(x);
}

static quell_draw listed(const uint64_t *seed, const uint64_t *index)
{
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    draw.seeds = seed, draw.indices = index;
    return draw;
}

static void hold_sampler(const char *spec, const char *kind, size_t dim, int brownian)
{
    char what[100];
    quell_draw draw = listed(seeds, indices);
    struct model model = model_new(kind, dim);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = sampler_of(spec, denoiser, schedule, brownian);
    snprintf(what, sizeof what, "%s, %s of dim %zu%s", spec, kind, dim, brownian ? ", path" : "");
    if (sampler) hold(what, sampler, &draw, dim <= 33);
    CHECK(sampler || brownian, "%s: %s", what, quell_error_message());
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

TEST(streams, every_sampler)
{
    static const size_t dims[] = {1, 2, 3, 5, 8, 33};
    for (size_t i = 0; sampler_name(i); i++) {
        hold_sampler(sampler_name(i), "callback", dims[i % 6], 0);
        hold_sampler(sampler_name(i), i % 2 ? "mixture" : "diagonal", dims[(i + 3) % 6], 1);
    }
    hold_sampler("pc:corrector=langevin", "diagonal", 7, 0);
    hold_sampler("pc:corrector=langevin,formula=paper", "callback", 7, 0);
    hold_sampler("dpm_adaptive:order=2,eta=1", "callback", 6, 0);
}

/* Samples that fill part of a chunk of noise, all of it, more, and more than a tile. */
TEST(streams, every_size)
{
    static const size_t dims[] = {63, 64, 227, 1023, 2047, 2048, 2049, 4097};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        hold_sampler("ddpm", i % 2 ? "callback" : "diagonal", dims[i], 0);
    hold_sampler("pc:corrector=langevin", "callback", 5000, 0);
}

/* Seeds alone: all samples have the index `first`. Indices alone: all have the seed `seed`. */
TEST(streams, one_list)
{
    struct model model = model_new("callback", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = sampler_of("ddpm", denoiser, schedule, 0);
    quell_draw draw = listed(seeds, NULL);
    hold("seeds", sampler, &draw, 0);
    draw.first = 5;
    hold("seeds from 5", sampler, &draw, 0);
    draw = listed(NULL, indices), draw.seed = 11;
    hold("indices", sampler, &draw, 0);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

/* Steps over the grid give what a whole run gives, and the prior is that of each alone. */
TEST(streams, steps)
{
    enum { DIM = 3 };
    float x[COUNT * DIM], alone[COUNT * DIM];
    struct model model = model_new("callback", DIM);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = sampler_of("ddpm", denoiser, schedule, 0);
    const quell_point *grid = quell_sampler_grid(sampler);
    quell_draw draw = listed(seeds, indices);
    draw_alone(sampler, &draw, alone);
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    for (size_t i = 0; i < STEPS; i++)
        MUST(quell_step(sampler, &draw, NULL, grid[i].t, grid[i + 1].t, x));
    CHECK(!memcmp(x, alone, sizeof x), "steps: %g, alone %g", (double)*x, (double)*alone);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

static void refused(const quell_sampler *sampler, const quell_draw *draw, const char *says)
{
    float x[COUNT * 3] = {42};
    CHECK(quell_sample(sampler, draw, NULL, x) == QUELL_BAD_ARGUMENT && *x == 42, "%s: drawn",
          says);
    CHECK(strstr(quell_error_message(), says), "'%s': %s", says, quell_error_message());
}

TEST(streams, refused)
{
    uint64_t beyond[COUNT] = {0};
    struct model model = model_new("callback", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = sampler_of("ddpm", denoiser, schedule, 0);
    quell_draw draw = listed(seeds, NULL);
    draw.seed = 4;
    refused(sampler, &draw, "run: seed is 4 and seeds are given, too; leave one out");
    draw = listed(seeds, indices), draw.first = 3;
    refused(sampler, &draw, "run: first is 3 and indices are given, too; leave one out");
    beyond[2] = UINT64_MAX;
    draw = listed(seeds, beyond);
    refused(sampler, &draw, "run: indices[2] is 2^64 - 1, must be at most 2^64 - 2");
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

static int fail_for_one(void *user, const quell_call *call, const float *input, float *output)
{
    for (size_t r = 0; r < call->rows; r++)
        if (call->seeds[r] == 12345 && call->indices[r] == 77) return -1;
    return model_callback(user, call, input, output);
}

/* A failure is that of a row, whose stream the message names. */
TEST(streams, failure)
{
    float x[COUNT * 3];
    uint64_t sample;
    quell_denoiser *denoiser;
    quell_run run = quell_run_defaults();
    quell_draw draw = listed(seeds, indices);
    MUST(quell_denoiser_from_function(&denoiser, 3, fail_for_one, NULL, NULL));
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = sampler_of("ddpm", denoiser, schedule, 0);
    run.tile = 1;
    CHECK(quell_sample(sampler, &draw, &run, x) == QUELL_DENOISER_FAILED, "it did not fail");
    CHECK(quell_error_sample(&sample, NULL) && sample == COUNT - 1 &&
              strstr(quell_error_message(), "run: row 8 (sample 77 of seed 12345), transition 0"),
          "%s", quell_error_message());
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}
