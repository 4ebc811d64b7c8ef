/* SPDX-License-Identifier: MIT */
/* Every option of every sampler, moved over its range to both ends, leaves the law right or is
 * refused. For Gaussians of one dimension the law of x_0 follows exactly from the plan; samplers
 * whose plans are not linear draw samples. A sampler may be MOST_TIMES as far from the law as ddim
 * with as many steps, without noise or with all of it, and MOST_MORE. On these grids the error of
 * an option's order is much less than that, and what is plainly wrong is more. QUELL_LONG tries
 * more grids, and on one of them each option beside every value of every other. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"
#include "option_values.h"
#include "orders.h"
#include "samplers/method.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VARIANCES = 6, COPIES = 8, DIM = VARIANCES * COPIES, SAMPLES = 300 };
#define MOST_TIMES 2.5
#define MOST_MORE 0.15

static const double variances[VARIANCES] = {1e-4, 0.01, 0.1, 1, 10, 400};

struct place {
    const char *schedule, *grid;
    size_t steps;
};
static const struct place places[] = {
    {"vp", "logsnr", 60},          {"vp", "linear", 64},  {"edm", "karras", 50},
    {"vp", "karras", 50},          {"edm", "karras", 18}, {"cosine", "linear", 100},
    {"beta_linear", "linear", 40}, {"ve", "linear", 100}, {"edm:sigma_max=500", "exponential", 300},
};

/* Samplers for distilled models and what is meant to have another law: a part of the noise, another
 * temperature, other codes' formulas, and their steps where these are too long for the order. */
static bool has_the_law(const char *spec)
{
    static const char *const others[] = {"lcm",     "tcd",         "consistency", "s_noise",
                                         "formula", "temperature", "steady"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(spec, others[i])) return false;
    return true;
}

static bool is_linear(const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->ops[i].kind > QUELL_STEP) return false;
    return true;
}

static double right(const quell_point *s, size_t k)
{
    return sqrt(s->alpha * s->alpha * variances[k] + s->sigma * s->sigma);
}

/* The standard deviations that a plan makes of the Gaussians, over the right ones. */
static void work_out(const struct quell_plan *plan, const quell_point *t, const quell_point *s,
                     double *deviation)
{
    for (size_t k = 0; k < VARIANCES; k++) {
        double mean = 0, found = t->alpha * t->alpha * variances[k] + t->sigma * t->sigma;
        order_law(plan, 0, variances[k], &mean, &found);
        deviation[k] = sqrt(found) / right(s, k);
    }
}

static void draw(const quell_sampler *sampler, const quell_point *s, double *deviation)
{
    static float x[SAMPLES * DIM];
    double square[VARIANCES] = {0};
    quell_draw draw = quell_draw_defaults();
    draw.count = SAMPLES;
    bool failed = quell_sample(sampler, &draw, NULL, x) != QUELL_OK; /* its limit of tries */
    for (size_t i = 0; i < SAMPLES * DIM; i++)
        square[i % VARIANCES] += (double)x[i] * (double)x[i] / (SAMPLES * COPIES);
    for (size_t k = 0; k < VARIANCES; k++)
        deviation[k] = failed ? 1 : sqrt(square[k]) / right(s, k);
}

struct scan {
    const struct place *place;
    quell_schedule *schedule;
    quell_denoiser *denoiser;
    quell_point *grid;
    double allowed[VARIANCES];
    size_t tried, refused, wrong;
};

static void allow(struct scan *scan, const char *spec)
{
    size_t steps = scan->place->steps;
    struct quell_plan plan = doubles_plan(spec, scan->schedule, scan->grid, steps, 0);
    double deviation[VARIANCES];
    work_out(&plan, &scan->grid[0], &scan->grid[steps], deviation);
    for (size_t k = 0; k < VARIANCES; k++)
        scan->allowed[k] = fmax(scan->allowed[k], MOST_TIMES * fabs(deviation[k] - 1) + MOST_MORE);
    quell_plan_free(&plan);
}

static void check(struct scan *scan, const char *spec, const double *deviation)
{
    scan->tried++;
    for (size_t k = 0; k < VARIANCES; k++) {
        if (fabs(deviation[k] - 1) <= scan->allowed[k]) continue;
        fprintf(stderr, "%s, T = %zu, on %s, %s: N(0, %g) has %.3f of its deviation\n", spec,
                scan->place->steps, scan->place->schedule, scan->place->grid, variances[k],
                deviation[k]);
        scan->wrong++;
    }
}

static void try(struct scan *scan, const char *spec)
{
    const double mean[DIM] = {0};
    double variance[DIM], deviation[VARIANCES];
    quell_sampler *sampler = NULL;
    quell_sampler_options o = quell_sampler_defaults();
    o.steps = steps_for(spec, scan->place->steps);
    if (o.steps) o.grid = scan->place->grid;
    for (size_t i = 0; i < DIM; i++) variance[i] = variances[i % VARIANCES];
    o.prior_dim = DIM, o.prior_mean = mean, o.prior_variance = variance;
    quell_status status = quell_sampler_create(&sampler, spec, scan->denoiser, scan->schedule, &o);
    CHECK(!status || status == QUELL_BAD_ARGUMENT, "%s: %s", spec, quell_error_message());
    scan->refused += status != QUELL_OK;
    if (status) return;
    const quell_point *last = &scan->grid[scan->place->steps];
    struct quell_plan plan = doubles_plan(spec, scan->schedule, scan->grid, scan->place->steps, 0);
    if (is_linear(&plan))
        work_out(&plan, &scan->grid[0], last, deviation);
    else
        draw(sampler, last, deviation);
    check(scan, spec, deviation);
    quell_plan_free(&plan);
    quell_sampler_free(sampler);
}

/* Tries one value of an option; with QUELL_LONG, in the place with the most uneven steps, beside
 * every value of every other. */
static void try_value(struct scan *scan, const struct quell_method *method,
                      const struct quell_option *option, double value)
{
    char spec[200], both[300];
    double other_value[OPTION_VALUES];
    snprintf(spec, sizeof spec, "%s%s", method->name, method->own_steps ? ":max_tries=1000" : "");
    if (strstr(spec, option->name)) return;
    option_put_needs(spec, sizeof spec, method->options, option);
    option_put(spec, sizeof spec, option, value);
    if (has_the_law(spec)) try(scan, spec);
    bool pairs = is_long() && scan->place == &places[1];
    for (const struct quell_option *other = method->options; pairs && other->name; other++) {
        if (other == option || strstr(spec, other->name)) continue;
        size_t count = option_values(other, other_value);
        for (size_t k = 0; k < count; k++) {
            snprintf(both, sizeof both, "%s", spec);
            option_put(both, sizeof both, other, other_value[k]);
            if (has_the_law(both)) try(scan, both);
        }
    }
}

static void try_method(struct scan *scan, const struct quell_method *method)
{
    size_t stride = by_effort(7, 2, 1);
    double value[OPTION_VALUES];
    for (const struct quell_option *option = method->options; option->name; option++) {
        size_t count = option_values(option, value);
        const char *const texts[] = {method->name, option->name, scan->place->schedule, NULL};
        for (size_t k = 0; k < count; k++)
            if (is_chosen(stride, texts, k)) try_value(scan, method, option, value[k]);
    }
}

static void try_place(const struct place *place)
{
    struct scan scan = {.place = place, .schedule = must_schedule(place->schedule)};
    double variance[DIM];
    for (size_t i = 0; i < DIM; i++) variance[i] = variances[i % VARIANCES];
    MUST(quell_denoiser_from_diagonal(&scan.denoiser, DIM, NULL, variance));
    scan.grid = doubles_grid(place->grid, scan.schedule, place->steps);
    allow(&scan, "ddim"), allow(&scan, "ddim:eta=1");
    const struct quell_method *method;
    for (size_t i = 0; (method = quell_method_at(i)); i++) try_method(&scan, method);
    free(scan.grid);
    quell_denoiser_free(scan.denoiser);
    quell_schedule_free(scan.schedule);
    CHECK(scan.tried > scan.refused && scan.wrong == 0,
          "%s, %s: %zu of %zu runs have plainly another law", place->schedule, place->grid,
          scan.wrong, scan.tried);
}

TEST(option_laws, edges)
{
    size_t count = by_effort(1, 2, sizeof places / sizeof *places);
    for (size_t i = 0; i < count; i++) try_place(&places[i]);
}

/* `restart` with its default options is never refused, however few and uneven the steps are. */
TEST(option_laws, restart_as_it_comes)
{
    static const size_t lengths[] = {1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 30, 50, 100};
    quell_denoiser *denoiser = NULL;
    size_t stride = by_effort(53, 7, 1);
    MUST(quell_denoiser_from_isotropic(&denoiser, 1, NULL, 1));
    for (size_t s = 0; schedule_name(s); s++) {
        quell_schedule *schedule = must_schedule(schedule_name(s));
        for (size_t k = 0; grid_name(k / 42); k++) {
            quell_sampler_options o = quell_sampler_defaults();
            quell_sampler *sampler = NULL;
            o.grid = grid_name(k / 42), o.steps = lengths[k % 14];
            if (k / 14 % 3 == 1) o.start = 0.7;
            if (k / 14 % 3 == 2) o.stop = 0.2;
            const char *const texts[] = {schedule_name(s), o.grid, NULL};
            if (!is_chosen(stride, texts, k % 42)) continue;
            if (quell_sampler_create(&sampler, "restart", denoiser, schedule, &o))
                CHECK(!strstr(quell_error_message(), "restart:"), "%s, %s, T = %zu: %s",
                      schedule_name(s), o.grid, o.steps, quell_error_message());
            quell_sampler_free(sampler);
        }
        quell_schedule_free(schedule);
    }
    quell_denoiser_free(denoiser);
}
