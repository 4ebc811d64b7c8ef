/* SPDX-License-Identifier: MIT */
#include "sampler_options.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/memory.h"
#include "grids/grid.h"
#include "samplers/adaptive.h"

#include <stdlib.h>

enum { DEFAULT_STEPS = 64, MOST_STEPS = 1000000 };

/* The largest mean and variance of X: with them, states still fit into a float. */
static const double MOST_PRIOR = 1e30;

/* Returns the name of the list of points that is given, or NULL. */
static const char *points_given(const quell_sampler_options *o)
{
    return o->times ? "times" : o->sigmas ? "sigmas" : NULL;
}

static quell_status check_options(const quell_sampler_options *o, size_t dim)
{
    if (o->steps > MOST_STEPS)
        return quell_fail(QUELL_BAD_ARGUMENT, "sampler: steps is %zu, must be from 1 to 10^6",
                          o->steps);
    if (o->brownian != 0 && o->brownian != 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "sampler: brownian is %d, must be 0 or 1",
                          o->brownian);
    if (!(o->clamp_low <= o->clamp_high && (float)o->clamp_low < INFINITY &&
          (float)o->clamp_high > -INFINITY))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: clamp_low is %s, clamp_high is %s; no float lies between",
                          QUELL_SAID(o->clamp_low), QUELL_SAID(o->clamp_high));
    if (o->clamp_low == 0 && o->clamp_high == 0)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "sampler: clamp_low and clamp_high are both 0, and would make all samples "
            "0; leave them out%s",
            o->threshold_max == 0 ? ": start from quell_sampler_defaults()"
                                  : " (their defaults are -inf and inf)");
    if (!(o->threshold >= 0 && o->threshold <= 1 && o->threshold_max >= 1))
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "sampler: threshold is %s and threshold_max %s; must be a quantile from 0 "
            "(none) to 1, and a bound of 1 or more%s",
            QUELL_SAID(o->threshold), QUELL_SAID(o->threshold_max),
            o->threshold_max == 0 ? ": start from quell_sampler_defaults()" : "");
    if (o->threshold == 0 && o->threshold_max < INFINITY)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: threshold_max is %s, but threshold is 0: there is none",
                          QUELL_SAID(o->threshold_max));
    if (o->threshold > 0 && (isfinite(o->clamp_low) || isfinite(o->clamp_high)))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: threshold is set and so is a clamp; thresholding does the "
                          "clamping, to [-1, 1]");
    if (o->prior_dim != 1 && !o->prior_mean && !o->prior_variance)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: prior_dim is %zu, but neither prior_mean nor prior_variance is "
                          "set; leave it 1",
                          o->prior_dim);
    if (o->prior_dim != 1 && o->prior_dim != dim)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: prior_dim is %zu, must be 1 or %zu: the number of values in "
                          "prior_mean and prior_variance",
                          o->prior_dim, dim);
    for (size_t i = 0; i < o->prior_dim; i++) {
        if (o->prior_mean && !(fabs(o->prior_mean[i]) <= MOST_PRIOR))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "sampler: prior_mean[%zu] is %s, must be from -1e30 to 1e30", i,
                              QUELL_SAID(o->prior_mean[i]));
        if (o->prior_variance && !(o->prior_variance[i] >= 0 && o->prior_variance[i] <= MOST_PRIOR))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "sampler: prior_variance[%zu] is %s, must be from 0 to 1e30", i,
                              QUELL_SAID(o->prior_variance[i]));
    }
    return QUELL_OK;
}

/* Refuses options that contradict `times` or `sigmas`, which define the whole grid. */
static quell_status check_given(const quell_sampler_options *o)
{
    if (o->times && o->sigmas)
        return quell_fail(QUELL_BAD_ARGUMENT, "sampler: times and sigmas are given; leave one out");
    const char *name = points_given(o);
    if (!name) return QUELL_OK;
    if (o->grid)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "sampler: %s are given and so is grid, '%.40s'; leave one out, as %s are a "
            "whole grid",
            name, o->grid, name);
    double first = o->times ? o->times[0] : 1, last = o->times ? o->times[o->steps] : 0;
    if ((o->start == 1 || o->start == first) && (o->stop == 0 || o->stop == last)) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: %s are given, and so are start, %s, and stop, %s; leave these out, as "
        "the first and the last of the %s say them",
        name, QUELL_SAID(o->start), QUELL_SAID(o->stop), name);
}

/* Refuses points or a number of steps for a sampler that chooses its own steps. It accepts one
 * step, from the first point to the last. */
static quell_status check_own_steps(const quell_sampler *made, const quell_sampler_options *o)
{
    const char *points = points_given(o);
    if (!made->method || !made->method->own_steps) return QUELL_OK;
    if (o->steps > 1 && points)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "sampler: %s has no effect beyond its ends: '%.*s' chooses its own steps; "
            "give two",
            points, (int)quell_spec_name(made->spec), made->spec);
    if (o->steps <= 1 && !o->grid) return QUELL_OK;
    const char *option = o->grid ? "grid" : "steps";
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "sampler: %s has no effect: '%.*s' chooses its own steps; leave %s out",
                      option, (int)quell_spec_name(made->spec), made->spec, option);
}

static quell_status check_path(const struct quell_method *method, const quell_sampler_options *o)
{
    if (!method || !method->no_path || !o->brownian) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "sampler: '%s' draws noise anew at each point, which is no part of a path; "
                      "leave brownian out",
                      method->name);
}

static quell_status put_steps(const struct quell_method *method, quell_sampler_options *o)
{
    const char *points = points_given(o);
    if (o->steps == 0 && points)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "sampler: %s are given, but steps is 0; must be one less than their number", points);
    if (o->steps == 0) o->steps = method && method->own_steps ? 1 : DEFAULT_STEPS;
    return QUELL_OK;
}

quell_status quell_sampler_settle(const quell_sampler *made, const quell_denoiser *denoiser,
                                  quell_sampler_options *o)
{
    quell_status status = put_steps(made->method, o);
    if (!status) status = check_options(o, denoiser->dim);
    if (!status) status = check_given(o);
    if (!status) status = check_own_steps(made, o);
    return status ? status : check_path(made->method, o);
}

/* Returns whether an operation draws noise. Steps that the sampler chooses draw noise if
 * eta > 0. */
static bool has_noise(const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct quell_op *op = &plan->ops[i];
        bool adapts = op->kind == QUELL_ADAPT;
        if (adapts && plan->option[QUELL_ADAPTIVE_ETA] > 0 &&
            plan->option[QUELL_ADAPTIVE_S_NOISE] > 0)
            return true;
        if (!adapts && (op->noises || op->kind >= QUELL_SPREAD)) return true;
    }
    return false;
}

/* Returns whether the plan of the whole way, from t = 1 to 0, draws noise. A piece of it may draw
 * none, such as one of `restart` away from its restart; options for noise are still right for such
 * a piece, as they are for the others. */
static bool has_noise_somewhere(const quell_sampler *sampler)
{
    struct quell_plan plan = quell_plan_begin(sampler->schedule);
    quell_point *grid = quell_new(sampler->steps + 1, sizeof *grid);
    bool found = false;
    if (grid && !quell_grid_make(sampler->schedule, "linear", 1, 0, sampler->steps, grid)) {
        sampler->method->build(&plan, grid, sampler->steps, sampler->option);
        found = has_noise(&plan);
    }
    quell_plan_free(&plan);
    free(grid);
    return found;
}

bool quell_sampler_noisy(const quell_sampler *sampler)
{
    if (sampler->step || has_noise(&sampler->plan)) return true;
    return sampler->method && has_noise_somewhere(sampler);
}

static quell_status check_brownian(const quell_sampler *sampler)
{
    if (!sampler->brownian || quell_sampler_noisy(sampler)) return QUELL_OK;
    const char *name = sampler->method ? sampler->spec : "the builder";
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: brownian has no effect: '%.*s' draws no noise on the way from x_1 to "
        "x_0; leave it out",
        (int)quell_spec_name(name), name);
}

static quell_status check_prior(const quell_sampler *sampler, const quell_sampler_options *o)
{
    const quell_point *first = &sampler->grid[0];
    if (first->alpha > 0 || (!o->prior_mean && !o->prior_variance)) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: %s has no effect: at t = %g alpha is 0, nothing of X is left; leave "
        "it out",
        o->prior_mean ? "prior_mean" : "prior_variance", first->t);
}

quell_status quell_sampler_check_used(const quell_sampler *sampler, const quell_sampler_options *o)
{
    quell_status status = check_prior(sampler, o);
    if (!status) status = check_brownian(sampler);
    return status ? status : quell_sampler_check_times(sampler);
}
