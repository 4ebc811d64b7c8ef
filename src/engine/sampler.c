/* SPDX-License-Identifier: MIT */
/* Creates samplers: the grid, the plan, and the law of x_1. */
#include "sampler.h"
#include "constants.h"
#include "prior.h"
#include "sampler_options.h"
#include "core/schedule.h"
#include "grids/grid.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/maths.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/sized.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes the plan of a step function, which has only the STEPs of its transitions. */
static void build_steps(struct quell_plan *plan, const quell_point *grid, size_t steps)
{
    for (size_t i = 0; i < steps; i++) quell_plan_step(plan, &grid[i], &grid[i + 1]);
    plan->registers = 1 + QUELL_STEP_SCRATCH;
}

/* Checks the precondition of every method: alpha / sigma never decreases from point to point (equal
 * is allowed), and sigma > 0 before the last point. */
static quell_status check_grid(const quell_point *grid, size_t steps)
{
    for (size_t i = 0; i < steps; i++)
        if (!(quell_lambda(&grid[i]) <= quell_lambda(&grid[i + 1])) || grid[i].sigma == 0)
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "sampler: from t = %s to %s: alpha / sigma must fall in t, and sigma "
                              "must not be 0 before the end",
                              QUELL_SAID(grid[i].t), QUELL_SAID(grid[i + 1].t));
    return QUELL_OK;
}

/* Refuses a grid along which sigma / alpha does not change. A last step to sigma = 0 that the grid
 * adds counts only if it is the only step. */
static quell_status check_falls(const quell_sampler *sampler)
{
    const quell_point *first = sampler->grid, *end = &sampler->grid[sampler->steps];
    quell_point last = *end;
    if (sampler->steps > 1 && end->sigma == 0) {
        quell_status status = quell_schedule_point(sampler->schedule, end->t, &last);
        if (status) return status;
    }
    if (quell_lambda(first) != quell_lambda(&last)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "sampler: sigma / alpha is %g at t = %s and at %s, so that no step would do "
                      "anything; take a schedule in which it falls",
                      first->sigma / first->alpha, QUELL_SAID(first->t), QUELL_SAID(last.t));
}

/* Refuses a schedule at whose end x is still more noise than X, and smaller than X. Where alpha is
 * 1, the scale of X decides how much noise is little, and a last time that the caller chose is
 * meant, so both are accepted. */
static quell_status check_end(const quell_sampler *sampler)
{
    const quell_point *end = &sampler->grid[sampler->steps];
    if (end->t > 0 || end->alpha >= 0.9 || end->sigma <= 0.5 * end->alpha) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: at its end, t = 0, alpha is %.3g and sigma %.3g, so that x_0 has "
        "little of X; take a schedule that ends at less noise, or a grid that goes to "
        "none, as linear:final=zero",
        end->alpha, end->sigma);
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Sets *most to the greatest eta that is accepted: one with which at most half of the steps replace
 * over three quarters of the noise. It is at least 1, and up to 1.25, which is little worse than 1,
 * if a step is so short that such an eta need not be cut: 2 / sqrt(3) times as much replaces all of
 * the noise. */
static quell_status find_most_eta(const quell_sampler *sampler, double *most)
{
    const quell_point *grid = sampler->grid;
    double *etas = quell_new(sampler->steps, sizeof *etas);
    if (!etas) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory for the bounds of its steps");
    for (size_t i = 0; i < sampler->steps; i++)
        etas[i] = sampler->method->most_eta(&grid[i], &grid[i + 1], sampler->option);
    qsort(etas, sampler->steps, sizeof *etas, rising);
    double uncut = fmin(1.25, etas[sampler->steps - 1] * 2 / sqrt(3));
    *most = fmax(1, fmax(uncut, etas[sampler->steps / 2]));
    free(etas);
    return QUELL_OK;
}

/* Refuses an eta (tau) above 1 with which the law would be too narrow for any number of steps. */
static quell_status check_eta(const quell_sampler *sampler)
{
    const struct quell_method *method = sampler->method;
    if (!method || !method->most_eta) return QUELL_OK;
    size_t i = 0;
    while (strcmp(method->options[i].name, "eta") && strcmp(method->options[i].name, "tau")) i++;
    const char *name = method->options[i].name;
    double most = 1, eta = sampler->option[i];
    if (eta <= 1) return QUELL_OK;
    quell_status status = find_most_eta(sampler, &most);
    if (status || eta <= most) return status;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: the %s of '%s' is %s: most steps would replace over 3/4 of the noise "
        "and make the law too narrow; on these steps it may be up to %.4g",
        name, method->name, QUELL_SAID(eta), floor(most * 1000) / 1000);
}

static quell_status check_method(const quell_sampler *sampler)
{
    const struct quell_method *method = sampler->method;
    quell_status status = check_eta(sampler);
    if (status || !method || !method->check) return status;
    return method->check(sampler->schedule, sampler->grid, sampler->steps, sampler->option);
}

/* The text of a point in a message. It has alpha and sigma only if `wholly`: if the time is right,
 * but they are not. */
struct called {
    char text[4 * QUELL_NUMBER_TEXT];
};
static struct called call(const quell_point *point, bool wholly)
{
    char t[QUELL_NUMBER_TEXT], alpha[QUELL_NUMBER_TEXT], sigma[QUELL_NUMBER_TEXT];
    struct called called;
    quell_number_text(point->t, t);
    if (wholly)
        snprintf(called.text, sizeof called.text, "%s (alpha %s, sigma %s)", t,
                 quell_number_text(point->alpha, alpha), quell_number_text(point->sigma, sigma));
    else
        snprintf(called.text, sizeof called.text, "%s", t);
    return called;
}

/* Refuses a STEP whose ends are not the points of its transition, and operations after the last
 * STEP: the observer would see states or times that are not those of the samples. */
static quell_status check_ends(const struct quell_plan *plan, const quell_point *grid)
{
    size_t ended = 0; /* the number of operations up to the last STEP */
    for (size_t i = 0, k = 0; i < plan->count; i++) {
        const struct quell_op *op = &plan->ops[i];
        if (op->kind != QUELL_STEP) continue;
        const quell_point *t = &grid[k], *s = &grid[k + 1];
        bool times = op->t.t == t->t && op->s.t == s->t;
        if (!times || op->t.alpha != t->alpha || op->t.sigma != t->sigma ||
            op->s.alpha != s->alpha || op->s.sigma != s->sigma)
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "plan: in transition %zu: quell_plan_step from t = %s to %s; must be "
                              "from grid[%zu] to grid[%zu], t = %s to %s",
                              k, call(&op->t, times).text, call(&op->s, times).text, k, k + 1,
                              call(t, times).text, call(s, times).text);
        k++, ended = i + 1;
    }
    size_t after = plan->count - ended;
    if (!after) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "plan: %zu operation%s after the last quell_plan_step, which ends the last "
                      "transition: must come before it",
                      after, after == 1 ? "" : "s");
}

/* Calls the builder of the plan. A plan without the STEPs of its transitions would run, but report
 * no progress, so it is refused. */
static void ask_builder(const quell_sampler *sampler, const quell_point *grid, size_t steps,
                        struct quell_plan *plan)
{
    unsigned before = quell_fail_count();
    int result = sampler->builder(sampler->user, plan, grid, steps);
    size_t ended = quell_plan_steps(plan);
    char said[200];
    if (plan->status) return;
    snprintf(said, sizeof said, "%s",
             quell_fail_count() != before ? quell_error_message()
                                          : "the builder returned an error");
    if (result)
        plan->status =
            quell_fail(QUELL_BAD_ARGUMENT, "plan: after %zu transitions: %s", ended, said);
    else if (ended != steps)
        plan->status =
            quell_fail(QUELL_BAD_ARGUMENT,
                       "plan: the builder called quell_plan_step %zu times; must call it "
                       "once for each of the %zu transitions",
                       ended, steps);
    else
        plan->status = check_ends(plan, grid);
}

quell_status quell_sampler_plan(const quell_sampler *sampler, const quell_point *grid, size_t steps,
                                struct quell_plan *plan)
{
    *plan = quell_plan_begin(sampler->schedule);
    plan->brownian = sampler->brownian;
    plan->status = check_grid(grid, steps);
    if (plan->status) return plan->status;
    if (sampler->method) {
        sampler->method->build(plan, grid, steps, sampler->option);
    } else if (sampler->step) {
        build_steps(plan, grid, steps);
    } else {
        ask_builder(sampler, grid, steps, plan);
    }
    if (!plan->status) plan->status = quell_sampler_check_plan(sampler, plan);
    return plan->status;
}

/* Makes the grid: the named one, or one from the caller's times or noise levels. */
static quell_status make_grid(quell_sampler *sampler, const quell_sampler_options *o)
{
    const quell_schedule *schedule = sampler->schedule;
    sampler->steps = o->steps;
    sampler->grid = quell_new(o->steps + 1, sizeof *sampler->grid);
    if (!sampler->grid) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory for its grid");
    if (o->times) return quell_grid_from_times(schedule, o->times, o->steps, sampler->grid);
    if (o->sigmas) return quell_grid_from_sigmas(schedule, o->sigmas, o->steps, sampler->grid);
    return quell_grid_make(schedule, o->grid ? o->grid : "linear", o->start, o->stop, o->steps,
                           sampler->grid);
}

/* Completes a sampler whose method, builder or step is set. */
static quell_status fill(quell_sampler *sampler, const quell_denoiser *denoiser,
                         const quell_schedule *schedule, const quell_sampler_options *o)
{
    quell_denoiser_hold(denoiser);
    quell_schedule_hold(schedule);
    sampler->denoiser = (quell_denoiser *)(uintptr_t)denoiser;
    sampler->schedule = (quell_schedule *)(uintptr_t)schedule;
    sampler->brownian = o->brownian != 0;
    sampler->clamp_low = (float)o->clamp_low;
    sampler->clamp_high = (float)o->clamp_high;
    sampler->threshold = (struct quell_threshold){o->threshold, o->threshold_max};
    quell_status status = make_grid(sampler, o);
    if (!status) status = check_falls(sampler);
    if (!status) status = check_end(sampler);
    if (!status) status = check_method(sampler);
    if (!status) status = quell_prior_make(sampler, o);
    if (!status)
        status = quell_sampler_plan(sampler, sampler->grid, sampler->steps, &sampler->plan);
    if (!status) status = quell_sampler_check_used(sampler, o);
    return status ? status : quell_constants_make(sampler);
}

static const struct quell_sized sized = {"sampler", "quell_sampler_options",
                                         "quell_sampler_defaults", NULL};

/* Does what all three constructors share. `made` is a sampler that has only its method, builder or
 * step. */
static quell_status create(quell_sampler **out, const quell_sampler *made,
                           const quell_denoiser *denoiser, const quell_schedule *schedule,
                           const quell_sampler_options *options)
{
    if (!out || !denoiser || !schedule)
        return quell_fail(QUELL_BAD_ARGUMENT, "sampler: the %s is NULL",
                          !denoiser   ? "denoiser"
                          : !schedule ? "schedule"
                                      : "place for it");
    quell_sampler_options o = quell_sampler_defaults();
    quell_status status = options ? quell_sized_copy(&sized, &o, sizeof o, options) : QUELL_OK;
    if (!status) status = quell_sampler_settle(made, denoiser, &o);
    if (status) return status;
    quell_sampler *sampler = quell_new(1, sizeof *sampler);
    if (!sampler) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory");
    *sampler = *made;
    sampler->release = NULL; /* if this function fails, `user` stays the caller's */
    QUELL_OWN_FLOATS;
    status = fill(sampler, denoiser, schedule, &o);
    if (status) {
        quell_sampler_free(sampler);
        return status;
    }
    sampler->release = made->release;
    sampler->spec = NULL;
    *out = sampler;
    return QUELL_OK;
}

quell_status quell_sampler_create(quell_sampler **sampler, const char *spec,
                                  const quell_denoiser *denoiser, const quell_schedule *schedule,
                                  const quell_sampler_options *options)
{
    if (!spec) return quell_fail(QUELL_BAD_ARGUMENT, "sampler: its spec is NULL");
    quell_sampler made = {.spec = spec};
    quell_status status = quell_method_read(spec, &made.method, made.option);
    if (status) return status;
    return create(sampler, &made, denoiser, schedule, options);
}

quell_status quell_sampler_from_builder(quell_sampler **sampler, quell_build_fn *build, void *user,
                                        quell_release_fn *release, const quell_denoiser *denoiser,
                                        const quell_schedule *schedule,
                                        const quell_sampler_options *options)
{
    if (!build) return quell_fail(QUELL_BAD_ARGUMENT, "sampler: the builder is NULL");
    quell_sampler made = {.builder = build, .user = user, .release = release};
    return create(sampler, &made, denoiser, schedule, options);
}

quell_status quell_sampler_from_step(quell_sampler **sampler, quell_step_fn *step, void *user,
                                     quell_release_fn *release, const quell_denoiser *denoiser,
                                     const quell_schedule *schedule,
                                     const quell_sampler_options *options)
{
    if (!step) return quell_fail(QUELL_BAD_ARGUMENT, "sampler: the step is NULL");
    quell_sampler made = {.step = step, .user = user, .release = release};
    return create(sampler, &made, denoiser, schedule, options);
}

void quell_sampler_free(quell_sampler *sampler)
{
    if (!sampler) return;
    if (sampler->release) sampler->release(sampler->user);
    quell_plan_free(&sampler->plan);
    free(sampler->constants);
    free(sampler->grid);
    free(sampler->prior_mean);
    free(sampler->prior_deviation);
    quell_denoiser_free(sampler->denoiser);
    quell_schedule_free(sampler->schedule);
    free(sampler);
}

size_t quell_sampler_dim(const quell_sampler *sampler)
{
    return sampler ? sampler->denoiser->dim : 0;
}

size_t quell_sampler_steps(const quell_sampler *sampler) { return sampler ? sampler->steps : 0; }

const quell_point *quell_sampler_grid(const quell_sampler *sampler)
{
    return sampler ? sampler->grid : NULL;
}

size_t quell_sampler_evaluations(const quell_sampler *sampler)
{
    size_t evaluations = 0;
    for (size_t i = 0; sampler && i < sampler->plan.count; i++)
        evaluations += sampler->plan.ops[i].kind == QUELL_EVAL;
    return evaluations;
}

size_t quell_sampler_print(const quell_sampler *sampler, char *buffer, size_t size)
{
    return sampler ? quell_plan_print(&sampler->plan, buffer, size) : 0;
}
