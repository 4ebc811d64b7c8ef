/* SPDX-License-Identifier: MIT */
/* Every combination of sampler, grid, schedule, end, number of steps and mode of noise that the
 * library names is either refused with a reason when the sampler is created, or draws finite
 * samples of a sensible size. QUELL_LONG also tries every variant of every sampler, and T = 1000;
 * QUELL_SWEEP=print prints what is refused. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "twin_cases.h"
#include "samplers/method.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 3, SAMPLES = 2 };

struct sweep {
    const quell_denoiser *denoiser;
    size_t drawn, refused, wrong;
    double largest;  /* the largest ratio of a sample to the sensible size */
    char where[256]; /* the case that had it */
};

struct combination {
    const char *sampler, *schedule;
    char grid[64];
    size_t steps;
    int brownian;
};

static void complain(struct sweep *sweep, const struct combination *c, const char *what)
{
    if (sweep->wrong++ < 60)
        fprintf(stderr, "%s, %s, %s, T = %zu%s: %s\n", c->sampler, c->schedule, c->grid, c->steps,
                c->brownian ? ", Brownian" : "", what);
}

static void refused(struct sweep *sweep, const struct combination *c, quell_status status)
{
    const char *reason = quell_error_message();
    sweep->refused++;
    if (status != QUELL_BAD_ARGUMENT || strlen(reason) < 20) complain(sweep, c, reason);
    if (getenv("QUELL_SWEEP"))
        printf("| %s | %s | %s | %zu | %s |\n", c->sampler, c->schedule, c->grid, c->steps, reason);
}

/* A sample is sensible if it is of the size of the data or of sigma / alpha at the start. With few
 * steps some methods leave noise of that size, as their formulas say; and each combination has
 * normal numbers of its own, of which some are beyond 3. */
static double sensible(const quell_schedule *schedule)
{
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
    return alpha > 0 ? fmax(10, 5 * sigma / alpha) : 1000;
}

static void check_samples(struct sweep *sweep, const struct combination *c,
                          const quell_schedule *schedule, const float *x)
{
    double largest = 0;
    for (size_t i = 0; i < SAMPLES * DIM; i++) {
        double size = fabs((double)x[i]) / sensible(schedule);
        if (!(size <= largest)) largest = size;
    }
    sweep->drawn++;
    if (!isfinite(largest)) complain(sweep, c, "not finite");
    /* iPNDM-v's weights with a peer's slip overshoot where steps are very uneven. */
    if (largest <= sweep->largest || strstr(c->sampler, "formula=")) return;
    sweep->largest = largest;
    snprintf(sweep->where, sizeof sweep->where, "%s, %s, %s, T = %zu%s", c->sampler, c->schedule,
             c->grid, c->steps, c->brownian ? ", Brownian" : "");
}

static void try(struct sweep *sweep, const quell_schedule *schedule, const struct combination *c)
{
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = c->steps;
    options.grid = c->grid;
    options.brownian = c->brownian;
    quell_sampler *sampler = NULL;
    quell_status status =
        quell_sampler_create(&sampler, c->sampler, sweep->denoiser, schedule, &options);
    if (status) {
        refused(sweep, c, status);
        return;
    }
    float x[SAMPLES * DIM];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = SAMPLES, draw.seed = 3, run.threads = 1;
    status = quell_sample(sampler, &draw, &run, x);
    if (status)
        complain(sweep, c, quell_error_message());
    else
        check_samples(sweep, c, schedule, x);
    quell_sampler_free(sampler);
}

/* Both ends, with and without Brownian noise. */
static void try_ends(struct sweep *sweep, const quell_schedule *schedule, struct combination c,
                     const char *grid)
{
    for (int i = 0; i < 4; i++) {
        snprintf(c.grid, sizeof c.grid, "%s:final=%s", grid, i % 2 ? "zero" : "min");
        c.brownian = i / 2;
        try(sweep, schedule, &c);
    }
}

static struct sweep sweep_new(void)
{
    static const double mean[DIM] = {1, -1, 0}, variances[DIM] = {0.25, 1, 0.01};
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_diagonal(&denoiser, DIM, mean, variances));
    return (struct sweep){.denoiser = denoiser};
}

static void sweep_end(struct sweep *sweep)
{
    quell_denoiser_free((quell_denoiser *)(uintptr_t)sweep->denoiser);
    if (getenv("QUELL_SWEEP"))
        printf("%zu drawn, %zu refused, the largest %g: %s\n", sweep->drawn, sweep->refused,
               sweep->largest, sweep->where);
    CHECK(sweep->wrong == 0, "%zu combinations are wrong", sweep->wrong);
    CHECK(sweep->largest < 1, "%g times a sensible size: %s", sweep->largest, sweep->where);
}

/* Tries every grid and schedule with `spec`, or one in `stride`. */
static void sweep_sampler(struct sweep *sweep, const char *spec, size_t steps, size_t stride)
{
    for (size_t s = 0; schedule_name(s); s++) {
        quell_schedule *schedule = must_schedule(schedule_name(s));
        struct combination c = {.sampler = spec, .schedule = schedule_name(s), .steps = steps};
        for (size_t g = 0; grid_name(g); g++) {
            const char *const texts[] = {spec, schedule_name(s), grid_name(g), NULL};
            if (is_chosen(stride, texts, steps)) try_ends(sweep, schedule, c, grid_name(g));
        }
        quell_schedule_free(schedule);
    }
}

static const size_t lengths[] = {1, 2, 3, 10};

TEST(sweep, samplers)
{
    struct sweep sweep = sweep_new();
    for (size_t i = 0; sampler_name(i); i++) {
        const char *name = sampler_name(i);
        for (size_t k = 0; k < 4; k++) sweep_sampler(&sweep, name, lengths[k], by_effort(41, 1, 1));
        sweep_sampler(&sweep, name, 1000, by_effort(401, 41, 1));
    }
    sweep_end(&sweep);
}

TEST(sweep, variants)
{
    struct sweep sweep = sweep_new();
    size_t stride = by_effort(401, 13, 1);
    for (const struct twin_case *of = twin_cases; of->spec; of++) {
        const struct quell_method *method;
        double option[QUELL_MAX_OPTIONS];
        if (quell_method_read(of->spec, &method, option) == QUELL_NOT_FOUND) continue;
        for (size_t k = 0; k < 4; k++) sweep_sampler(&sweep, of->spec, lengths[k], stride);
    }
    sweep_end(&sweep);
}
