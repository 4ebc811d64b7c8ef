/* SPDX-License-Identifier: MIT */
/* The law of x_0 that few steps make for Gaussians, exactly: plans are linear there, so that it
 * follows from their coefficients. If a denoiser's output does not depend on x, a method must be
 * exact, as ddim is; otherwise it would be off by a part of the mean, which may be far from 0. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"
#include "orders.h"
#include "twin_cases.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const grids[] = {
    "linear", "karras", "exponential", "linear:final=zero", "karras:final=zero", "beta"};
static const size_t lengths[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30};

/* Whether a plan's operations are all linear: not adaptive steps, norms or a learned variance. */
static bool is_linear(const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->ops[i].kind > QUELL_STEP) return false;
    return true;
}

/* For a schedule whose alpha is 0 nowhere: all of the grids can be used with it. */
static bool has_all_grids(const quell_schedule *schedule)
{
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
    return alpha > 0;
}

/* azula's formula, which is not exact for a constant output. */
static bool is_other(const char *spec)
{
    return !strncmp(spec, "reab:", 5) && strstr(spec, "formula=");
}

/* What rounding may do to the mean: some units in the last place of the largest product in the
 * plan, of a weight and an output. Steps of the whole order (steady=no) that are far too long have
 * weights of 10^6, which cancel. */
static double rounding(const struct quell_plan *plan)
{
    double most = 1;
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; plan->ops[i].kind == QUELL_COMBINE && k < plan->ops[i].terms; k++)
            most = fmax(most, fabs(plan->ops[i].coefficient[k]));
    return 1e-11 + 4 * DBL_EPSILON * most;
}

/* Returns how far the mean of the samples is from 1, which is the denoiser's output everywhere;
 * *bound: how far it may be. */
static double off_by(const char *spec, const quell_schedule *schedule, const char *grid,
                     size_t steps, double *bound)
{
    quell_point *points = doubles_grid(grid, schedule, steps), t = points[0], s = points[steps];
    struct quell_plan plan = doubles_plan(spec, schedule, points, steps, 0);
    double mean = t.alpha, variance = t.sigma * t.sigma;
    if (is_linear(&plan)) order_law(&plan, 1, 0, &mean, &variance);
    double off = is_linear(&plan) ? fabs(mean / s.alpha - 1) : 0;
    *bound = rounding(&plan);
    quell_plan_free(&plan);
    free(points);
    return off;
}

TEST(few_steps, take_a_constant_exactly)
{
    size_t wrong = 0, stride = by_effort(101, 7, 1);
    for (size_t n = 0; schedule_name(n); n++) {
        quell_schedule *schedule = must_schedule(schedule_name(n));
        for (const struct twin_case *of = twin_cases; has_all_grids(schedule) && of->spec; of++)
            for (size_t k = 0; k < COUNT(grids) * COUNT(lengths); k++) {
                const char *grid = grids[k % COUNT(grids)];
                size_t steps = lengths[k / COUNT(grids)];
                const char *const texts[] = {of->spec, schedule_name(n), grid, NULL};
                if (!is_chosen(stride, texts, steps) || is_other(of->spec)) continue;
                double bound, off = off_by(of->spec, schedule, grid, steps, &bound);
                if (off < bound) continue;
                if (wrong++ < 20)
                    fprintf(stderr,
                            "%s, T = %zu, on %s, %s: off by %g of the mean, must be below %g: the "
                            "weights do not add up to those of a constant output\n",
                            of->spec, steps, schedule_name(n), grid, off, bound);
            }
        quell_schedule_free(schedule);
    }
    CHECK(wrong == 0, "%zu plans do not take a constant exactly", wrong);
}

/* Wasserstein's distance of second order from the law of x_0 for X ~ N(0, variance), over its
 * standard deviation; the mean does not matter, as a constant is taken exactly. */
static double distance(const struct quell_plan *plan, const quell_point *grid, size_t steps,
                       double variance)
{
    quell_point t = grid[0], s = grid[steps];
    double mean = 0, found = t.alpha * t.alpha * variance + t.sigma * t.sigma;
    order_law(plan, 0, variance, &mean, &found);
    double right = sqrt(s.alpha * s.alpha * variance + s.sigma * s.sigma);
    return fabs(sqrt(found) - right) / right;
}

static double distance_of_ddim(const quell_schedule *schedule, const char *grid, size_t steps,
                               double variance)
{
    quell_point *points = doubles_grid(grid, schedule, steps);
    struct quell_plan plan = doubles_plan("ddim", schedule, points, steps, 0);
    double found = distance(&plan, points, steps, variance);
    quell_plan_free(&plan);
    free(points);
    return found;
}

static bool begins(const char *spec, const char *name)
{
    return !strncmp(spec, name, strlen(name));
}

/* These are left out: samplers for distilled models, whose law is another; other codes' formulas; a
 * part of the noise; another temperature; and a gradient taken five times. */
static bool has_the_law(const char *spec)
{
    static const char *const others[] = {"lcm",         "tcd",     "consistency", "formula=",
                                         "temperature", "s_noise", "steady=no",   "ge_gamma=5"};
    for (size_t i = 0; i < COUNT(others); i++)
        if (strstr(spec, others[i])) return false;
    return true;
}

/* A distance may be 5/2 of ddim's with as many evaluations, and 0.15 more. It is compared with ddim
 * with as many steps where evaluations make no step shorter: corrections, restarts, and the slopes
 * of heunpp2, which is of first order. Two samplers leave more noise than the end of a step has,
 * half as much again and more. */
static double allowed(const char *spec, size_t steps, size_t evaluations,
                      const quell_schedule *schedule, const char *grid, double variance)
{
    bool others = begins(spec, "pc") || begins(spec, "restart") || begins(spec, "heunpp2");
    bool noisy = begins(spec, "ito") || begins(spec, "ddpm:variance=large");
    double ddim = distance_of_ddim(schedule, grid, others ? steps : evaluations, variance);
    return 2.5 * ddim + (noisy ? 0.75 : 0.15);
}

/* Returns for how many of five variances the law of a plan is too far away. */
static size_t too_far(const char *spec, const quell_schedule *schedule, const char *name,
                      const char *grid, size_t steps)
{
    static const double variances[] = {1e-8, 1e-4, 1e-2, 1, 100};
    quell_point *points = doubles_grid(grid, schedule, steps);
    struct quell_plan plan = doubles_plan(spec, schedule, points, steps, 0);
    size_t wrong = 0;
    for (size_t k = 0; is_linear(&plan) && k < COUNT(variances); k++) {
        double found = distance(&plan, points, steps, variances[k]);
        double most = allowed(spec, steps, plan.evaluations, schedule, grid, variances[k]);
        if (found <= most) continue;
        wrong++;
        fprintf(stderr, "%s, T = %zu, on N(0, %g), %s, %s: %.3f, of %.3f allowed\n", spec, steps,
                variances[k], name, grid, found, most);
    }
    quell_plan_free(&plan);
    free(points);
    return wrong;
}

TEST(few_steps, beside_ddim)
{
    size_t wrong = 0, stride = by_effort(307, 19, 1);
    for (size_t n = 0; schedule_name(n); n++) {
        const char *name = schedule_name(n);
        quell_schedule *schedule = must_schedule(name);
        for (const struct twin_case *of = twin_cases; has_all_grids(schedule) && of->spec; of++)
            for (size_t k = 0; k < COUNT(grids) * COUNT(lengths); k++) {
                const char *grid = grids[k % COUNT(grids)];
                size_t steps = lengths[k / COUNT(grids)];
                const char *const texts[] = {of->spec, name, grid, NULL};
                if (!is_chosen(stride, texts, steps) || !has_the_law(of->spec)) continue;
                wrong += too_far(of->spec, schedule, name, grid, steps);
            }
        quell_schedule_free(schedule);
    }
    CHECK(wrong == 0, "%zu runs are far worse than ddim", wrong);
}
