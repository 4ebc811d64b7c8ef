/* SPDX-License-Identifier: MIT */
/* Each sampler's plan, run in double, against its naive twin with the same denoiser and noise. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "twin_cases.h"
#include "twins.h"
#include "samplers/method.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In these ranges naive formulas keep their digits. */
static const char *const schedules[] = {
    "vp:alpha_min=0.05,sigma_min=0.02", "ve:sigma_min=0.02,sigma_max=20",
    "cosine:alpha_min=0.05,sigma_min=0.02", "rectified:alpha_min=0.05,sigma_min=0.02"};
static const char *const grids[] = {"linear", "linear:final=zero", "uneven"};
static const size_t lengths[] = {1, 2, 3, 7, 20};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct model gaussian(void)
{
    struct model model = model_new("diagonal", TWIN_DIM);
    for (size_t e = 0; e < TWIN_DIM; e++) model.variances[e] = pow(10, 2 * (double)e - 4);
    return model;
}

static struct model mixture(void)
{
    struct model model = model_new("mixture", TWIN_DIM);
    model.components = 3;
    return model;
}

struct trial {
    const struct twin_case *of;
    const char *schedule, *grid, *model;
    size_t steps;
};

struct check {
    const struct model *model;
    const quell_schedule *schedule;
    size_t astray; /* evaluations at points that are not the schedule's */
};

static void denoise(void *user, const quell_point *t, const double *x, double *mu)
{
    struct check *check = user;
    quell_point there;
    MUST(quell_schedule_point(check->schedule, t->t, &there));
    double off = fabs(there.alpha - t->alpha) + fabs(quell_lambda(&there) - quell_lambda(t));
    if (off > 1e-8 && t->t > 0 && t->t < 1) check->astray++;
    model_denoise(check->model, t->alpha, t->sigma, x, mu);
}

/* Times that fall unevenly. */
static quell_point *uneven(const quell_schedule *schedule, size_t steps)
{
    quell_point *grid = calloc(steps + 1, sizeof *grid);
    for (size_t i = 0; i <= steps; i++) {
        double u = (double)i / (double)steps;
        MUST(quell_schedule_point(schedule, 1 - u + 0.1 * u * (1 - u) * sin(40 * u), &grid[i]));
    }
    return grid;
}

static quell_point *points(const char *grid, const quell_schedule *schedule, size_t steps)
{
    return strcmp(grid, "uneven") ? doubles_grid(grid, schedule, steps) : uneven(schedule, steps);
}

/* Returns the largest difference of an element, relative to the largest element; infinite if an
 * evaluation is at another point. */
static double difference(const struct trial *trial, const struct model *model)
{
    quell_schedule *schedule = must_schedule(trial->schedule);
    quell_point *grid = points(trial->grid, schedule, trial->steps);
    struct check check = {model, schedule, 0};
    struct doubles doubles = {TWIN_DIM, denoise, &check, 11, 5, 0, 0};
    struct quell_plan plan = doubles_plan(trial->of->spec, schedule, grid, trial->steps, 0);
    struct twin twin = {.spec = trial->of->twin ? trial->of->twin : trial->of->spec,
                        .steps = trial->steps,
                        .schedule = schedule,
                        .grid = grid,
                        .model = model,
                        .seed = 11,
                        .sample = 5};
    for (size_t i = 0; i <= trial->steps; i++) twin.s[i] = grid[i].sigma / grid[i].alpha;
    double x[TWIN_DIM], y[TWIN_DIM], worst = 0, largest = 0;
    for (size_t e = 0; e < TWIN_DIM; e++)
        x[e] = y[e] = (1 - 0.6 * (double)e) * hypot(grid[0].sigma, grid[0].alpha);
    doubles_run(&doubles, &plan, x);
    twin_run(&twin, y);
    for (size_t e = 0; e < TWIN_DIM; e++) largest = fmax(largest, fabs(y[e]));
    for (size_t e = 0; e < TWIN_DIM; e++) {
        double off = fabs(x[e] - y[e]) / largest;
        worst = off <= worst ? worst : off; /* NaN counts as the worst */
    }
    quell_plan_free(&plan);
    free(grid);
    quell_schedule_free(schedule);
    return check.astray ? INFINITY : worst;
}

/* Finds the worst over all schedules, grids, lengths and models (brief: one in 11), and where it
 * is. */
static double worst_of(const struct twin_case *of, struct trial *worst)
{
    struct model models[] = {gaussian(), mixture()};
    double largest = -1;
    for (size_t i = 0; i < 2 * COUNT(schedules) * COUNT(grids) * COUNT(lengths); i++) {
        if (!its_turn(i, 11, (size_t)(of - twin_cases))) continue;
        size_t a = i / 2, b = a / COUNT(schedules), c = b / COUNT(grids);
        struct trial trial = {of, schedules[a % COUNT(schedules)], grids[b % COUNT(grids)],
                              models[i % 2].kind, lengths[c]};
        double found = difference(&trial, &models[i % 2]);
        if (found <= largest) continue;
        largest = found;
        *worst = trial;
        if (!isfinite(found)) break;
    }
    model_free(&models[0]);
    model_free(&models[1]);
    return largest;
}

/* Names all rows that disagree, before the test fails. */
TEST(twins, agree)
{
    size_t failures = 0;
    for (const struct twin_case *of = twin_cases; of->spec; of++) {
        const struct quell_method *method;
        double option[QUELL_MAX_OPTIONS];
        struct trial trial = {0};
        if (quell_method_read(of->spec, &method, option) == QUELL_NOT_FOUND) continue;
        double worst = worst_of(of, &trial), bound = of->bound > 0 ? of->bound : 1e-10;
        if (worst <= bound) continue;
        failures++;
        fprintf(stderr, "%s: %.3g from its twin (%s, %s, %s, T = %zu)\n", of->spec, worst,
                trial.schedule, trial.grid, trial.model, trial.steps);
    }
    CHECK(failures == 0, "%zu plans are not their twins", failures);
}

static int noisy(const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->ops[i].noises) return 1;
    return 0;
}

/* From alpha = 0, where sigma / alpha is infinite, every deterministic sampler takes the
 * first-order step x_s = (sigma_s / sigma_t) x + alpha_s mu, and is at s as if it began there. */
static double difference_from_noise(const struct twin_case *of, const struct model *model,
                                    size_t steps)
{
    quell_schedule *schedule = must_schedule(schedules[3]);
    quell_point *grid = uneven(schedule, steps);
    grid[0] = (quell_point){1, 0, 1, -INFINITY, 0};
    struct check check = {model, schedule, 0};
    struct doubles doubles = {TWIN_DIM, denoise, &check, 11, 5, 0, 0};
    struct quell_plan plan = doubles_plan(of->spec, schedule, grid, steps, 0);
    struct twin twin = {.spec = of->twin ? of->twin : of->spec,
                        .steps = steps - 1,
                        .schedule = schedule,
                        .grid = grid + 1,
                        .model = model};
    for (size_t i = 0; i < steps; i++) twin.s[i] = grid[i + 1].sigma / grid[i + 1].alpha;
    double x[TWIN_DIM] = {0.5, -1, 1.5, 0.1}, y[TWIN_DIM], mean[TWIN_DIM], worst = 0;
    model_denoise(model, 0, 1, x, mean);
    for (size_t e = 0; e < TWIN_DIM; e++) y[e] = grid[1].sigma * x[e] + grid[1].alpha * mean[e];
    if (!noisy(&plan)) {
        doubles_run(&doubles, &plan, x);
        twin_run(&twin, y);
        for (size_t e = 0; e < TWIN_DIM; e++) {
            double off = fabs(x[e] - y[e]) / (1 + fabs(y[e]));
            worst = off <= worst ? worst : off;
        }
    }
    quell_plan_free(&plan);
    free(grid);
    quell_schedule_free(schedule);
    return worst;
}

TEST(twins, from_pure_noise)
{
    struct model models[] = {gaussian(), mixture()};
    size_t failures = 0;
    for (const struct twin_case *of = twin_cases; of->spec; of++) {
        const struct quell_method *method;
        double option[QUELL_MAX_OPTIONS], worst = 0;
        if (quell_method_read(of->spec, &method, option) == QUELL_NOT_FOUND) continue;
        int silent = strstr(of->spec, "eta=0") || strstr(of->spec, "tau=0");
        if (method->noise == QUELL_STOCHASTIC && !silent) continue;
        if (!strcmp(method->name, "dpm_adaptive")) continue; /* refuses alpha = 0 */
        for (size_t i = 0; i < 2 * COUNT(lengths); i++) {
            double off = difference_from_noise(of, &models[i % 2], lengths[i / 2]);
            worst = off <= worst ? worst : off;
        }
        if (worst <= (of->bound > 0 ? of->bound : 1e-10)) continue;
        failures++;
        fprintf(stderr, "%s: %.3g from its twin, from alpha = 0\n", of->spec, worst);
    }
    model_free(&models[0]);
    model_free(&models[1]);
    CHECK(failures == 0, "%zu plans are not their twins", failures);
}

static int tried(const struct quell_method *method, const char *option)
{
    char key[64];
    snprintf(key, sizeof key, "%s=", option ? option : "");
    for (const struct twin_case *of = twin_cases; of->spec; of++) {
        const char *spec = of->twin ? of->twin : of->spec;
        size_t length = strcspn(spec, ":");
        if (strlen(method->name) != length || memcmp(method->name, spec, length)) continue;
        if (!option || strstr(spec, key)) return 1;
    }
    return 0;
}

static int tried_alias(const char *alias)
{
    const struct twin_case *of = twin_cases;
    while (of->spec && strcmp(of->spec, alias)) of++;
    return of->spec && of->twin;
}

TEST(twins, complete)
{
    const struct quell_method *method;
    for (size_t i = 0; (method = quell_method_at(i)); i++) {
        CHECK(twin_find(method->name), "%s has no twin", method->name);
        CHECK(tried(method, NULL), "%s is not compared with its twin", method->name);
        for (const struct quell_option *option = method->options; option->name; option++)
            CHECK(tried(method, option->name), "%s: its %s is not tried", method->name,
                  option->name);
        const struct quell_alias *alias = method->aliases;
        for (; alias && alias->name; alias++)
            CHECK(tried_alias(alias->name), "%s is not compared with its twin", alias->name);
    }
}
