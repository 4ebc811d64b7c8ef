/* SPDX-License-Identifier: MIT */
/* Our samplers against those of azula, k-diffusion and diffusers: the same x_1, points, denoiser
 * and noise, and so the same x_0. tests/reference/make.py runs the others and writes the two tables
 * here, with the versions that made them (CONTRIBUTING.md says how).
 *
 * Plans are run in double and must agree to 1e-9 or so; then the engine itself, in float. A row
 * with `differs` says why we do not want to agree: there the difference must be plain to see, and
 * where a sampler has `formula`, another row shows that it reproduces the peer.
 *
 * Peers take the whole order however long a step is, and so do all rows: by steady=no. */
#include "doubles.h"
#include "harness.h"
#include "models.h"
#include "core/schedule.h"
#include "engine/sampler.h"
#include "samplers/method.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DIM = 4, SAMPLES = 2, MAX_STEPS = 12, SEED = 7, SPEC = 128 };

/* The points at which a peer's steps begin and end, and x_1. */
static const struct grid {
    const char *name, *schedule;
    size_t steps;
    double t[MAX_STEPS + 1], alpha[MAX_STEPS + 1], sigma[MAX_STEPS + 1];
    double x[SAMPLES * DIM];
} grids[] = {
#include "../reference/sampler_points.inc"
};

/* A peer's x_0. tolerance: of the largest error against the largest element. */
static const struct row {
    const char *peer, *sampler;
    const char *spec, *grid, *model;
    double tolerance;
    const char *differs;
    double x[SAMPLES * DIM];
} rows[] = {
#include "../reference/sampler_values.inc"
};

#define ROWS (sizeof rows / sizeof *rows)
#define VISIBLE 1e-3 /* a difference that is meant */
#define FLOAT 1e-4   /* float rounding, and what samplers make of it */

/* The models of tests/reference/common.py. */
static double one[] = {1}, weights[] = {0.5, 0.25, 0.25};
static double mean[DIM] = {0.5, -0.25, 1, 0}, variance[DIM] = {4, 0.5, 1. / 64, 1. / 1024};
static double means[] = {1, 0, -0.5, 0.25, -1, 0.75, 0.5, 0, 0, -1.5, 0.25, -0.75};
static double variances[] = {1. / 16, 1. / 16, 1. / 16, 1. / 16, 0.25,    0.25,
                             0.25,    0.25,    1. / 64, 1. / 64, 1. / 64, 1. / 64};

static const struct model models[] = {{"diagonal", DIM, 1, one, mean, variance, NULL},
                                      {"mixture", DIM, 3, weights, means, variances, NULL}};

static const struct model *model_of(const struct row *row)
{
    return &models[strcmp(row->model, "gaussian") != 0];
}

static const struct grid *grid_of(const struct row *row)
{
    const struct grid *grid = grids;
    while (strcmp(grid->name, row->grid)) grid++;
    return grid;
}

/* What went wrong, a line for each row, so that one run shows all. */
struct complaints {
    size_t count, length;
    char text[60000];
};

__attribute__((format(printf, 3, 4))) static void
complain(struct complaints *complaints, const struct row *row, const char *format, ...)
{
    char *to = complaints->text + complaints->length;
    size_t left = sizeof complaints->text - complaints->length;
    int length = snprintf(to, left, "\n%s %s, %s, %s as %s: ", row->peer, row->sampler, row->grid,
                          row->model, row->spec);
    va_list arguments;
    va_start(arguments, format);
    if ((size_t)length < left)
        length += vsnprintf(to + length, left - (size_t)length, format, arguments);
    va_end(arguments);
    complaints->count++;
    if ((size_t)length < left) complaints->length += (size_t)length;
}

/* The largest difference over the largest element; NaN if there is one. */
static double distance(const double *x, const double *expected)
{
    double most = 0, size = 0;
    for (int i = 0; i < SAMPLES * DIM; i++) {
        double off = fabs(x[i] - expected[i]);
        if (!(off <= most)) most = off;
        size = fmax(size, fabs(expected[i]));
    }
    return most / size;
}

static int all_finite(const double *x)
{
    for (int i = 0; i < SAMPLES * DIM; i++)
        if (!isfinite(x[i])) return 0;
    return 1;
}

static void compare(struct complaints *complaints, const struct row *row, const double *x,
                    double tolerance)
{
    double off = distance(x, row->x);
    if (!all_finite(x))
        complain(complaints, row, "not finite");
    else if (*row->differs && off <= VISIBLE)
        complain(complaints, row, "only %.3g off, though %s", off, row->differs);
    else if (!*row->differs && !(off <= tolerance))
        complain(complaints, row, "%.3g off", off);
}

/* The row's spec without the rule of long steps, where the sampler has one. */
static const char *spec_of(const struct row *row, const struct quell_method *method, char *text,
                           size_t size)
{
    const struct quell_option *option = method->options;
    while (option->name && strcmp(option->name, "steady")) option++;
    snprintf(text, size, "%s%s", row->spec,
             !option->name            ? ""
             : strchr(row->spec, ':') ? ",steady=no"
                                      : ":steady=no");
    return text;
}

static void denoise(void *user, const quell_point *t, const double *x, double *mu)
{
    model_denoise(user, t->alpha, t->sigma, x, mu);
}

/* Peers do not know the times of a grid as quell has them: the noise that transition i names is
 * that of the times i and i + 1 here and in tests/reference/common.py. */
static void number_the_noise(struct quell_plan *plan)
{
    double transition = 0;
    size_t named = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct quell_op *op = &plan->ops[i];
        for (unsigned j = 0; j < op->noises; j++) {
            if (op->stream[j] < named) continue; /* used a second time */
            named = op->stream[j] + (size_t)1;
            struct quell_noise_name *name = &plan->name[op->stream[j]];
            name->from = transition, name->to = transition + 1;
            name->key = quell_noise_key(0, name->from, name->to);
        }
        transition += op->kind == QUELL_STEP;
    }
}

/* Whether the grid's times are those of its schedule, and so its points. */
static int belongs(const struct grid *grid, const quell_schedule *schedule)
{
    for (size_t i = 0; i <= grid->steps; i++) {
        double alpha, sigma;
        MUST(quell_schedule_at(schedule, grid->t[i], &alpha, &sigma));
        if (fabs(alpha - grid->alpha[i]) > 1e-10 * alpha ||
            fabs(sigma - grid->sigma[i]) > 1e-10 * sigma)
            return 0;
    }
    return 1;
}

static void points_of(const struct grid *grid, const quell_schedule *schedule, quell_point *point)
{
    int own = belongs(grid, schedule);
    for (size_t i = 0; i <= grid->steps; i++)
        if (own)
            MUST(quell_schedule_point(schedule, grid->t[i], &point[i]));
        else
            point[i] = (quell_point){grid->t[i], grid->alpha[i], grid->sigma[i],
                                     log(grid->alpha[i]), log(grid->sigma[i])};
}

static void run_in_double(const struct row *row, const char *spec, const quell_schedule *schedule,
                          double *x)
{
    const struct grid *grid = grid_of(row);
    quell_point point[MAX_STEPS + 1];
    points_of(grid, schedule, point);
    struct quell_plan plan = doubles_plan(spec, schedule, point, grid->steps, 0);
    number_the_noise(&plan);
    memcpy(x, grid->x, sizeof grid->x);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct doubles doubles = {DIM, denoise, (void *)(uintptr_t)model_of(row), SEED, i, 0, 0};
        doubles_run(&doubles, &plan, x + i * DIM);
    }
    quell_plan_free(&plan);
}

TEST(peers, in_double)
{
    struct complaints complaints = {0};
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        const struct quell_method *method;
        double option[QUELL_MAX_OPTIONS], x[SAMPLES * DIM];
        if (quell_method_read(row->spec, &method, option)) {
            complain(&complaints, row, "%s", quell_error_message());
            continue;
        }
        quell_schedule *schedule = must_schedule(grid_of(row)->schedule);
        char spec[SPEC];
        run_in_double(row, spec_of(row, method, spec, SPEC), schedule, x);
        compare(&complaints, row, x, row->tolerance);
        quell_schedule_free(schedule);
    }
    CHECK(!complaints.count, "%zu of %zu rows:%s", complaints.count, ROWS, complaints.text);
}

/* Between two values: geometrically, or on a line where one is 0; exact at the ends. */
static double between(double from, double to, double part)
{
    if (part == 0 || part == 1) return part == 0 ? from : to;
    return from > 0 && to > 0 ? from * pow(to / from, part) : from + part * (to - from);
}

/* The grid as a schedule. */
static int interpolate(void *user, double t, double *alpha, double *sigma)
{
    const struct grid *grid = user;
    size_t i = 0;
    while (i + 1 < grid->steps && t < grid->t[i + 1]) i++;
    double part = (grid->t[i] - t) / (grid->t[i] - grid->t[i + 1]);
    *alpha = between(grid->alpha[i], grid->alpha[i + 1], part);
    *sigma = between(grid->sigma[i], grid->sigma[i + 1], part);
    return 0;
}

/* The grid's schedule if it is on it, or else one through its points. */
static quell_schedule *schedule_through(const struct grid *grid)
{
    quell_schedule *schedule = must_schedule(grid->schedule);
    if (belongs(grid, schedule)) return schedule;
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, interpolate, (void *)(uintptr_t)grid, NULL));
    return schedule;
}

static void run_the_engine(const struct row *row, const char *spec, const quell_schedule *schedule,
                           double *x)
{
    const struct grid *grid = grid_of(row);
    quell_denoiser *denoiser = model_denoiser(model_of(row));
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = grid->steps, options.times = grid->t;
    quell_sampler *sampler;
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    number_the_noise(&sampler->plan);
    quell_draw draw = quell_draw_defaults();
    draw.seed = SEED, draw.count = SAMPLES;
    float state[SAMPLES * DIM];
    for (int i = 0; i < SAMPLES * DIM; i++) state[i] = (float)grid->x[i];
    MUST(quell_sample_from(sampler, &draw, NULL, state));
    for (int i = 0; i < SAMPLES * DIM; i++) x[i] = state[i];
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
}

TEST(peers, in_float)
{
    struct complaints complaints = {0};
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        double x[SAMPLES * DIM];
        const struct quell_method *method;
        double option[QUELL_MAX_OPTIONS];
        if (quell_method_read(row->spec, &method, option)) continue; /* in_double complains */
        quell_schedule *schedule = schedule_through(grid_of(row));
        char spec[SPEC];
        run_the_engine(row, spec_of(row, method, spec, SPEC), schedule, x);
        /* Adaptive steps follow the error, so float rounding moves the whole grid: what remains is
         * the tolerance that was asked for, 0.05 at most. */
        double bound = strncmp(row->spec, "dpm_adaptive", 12) ? FLOAT : 2e-3;
        compare(&complaints, row, x, fmax(row->tolerance, bound));
        quell_schedule_free(schedule);
    }
    CHECK(!complaints.count, "%zu of %zu rows:%s", complaints.count, ROWS, complaints.text);
}
