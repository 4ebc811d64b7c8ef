/* SPDX-License-Identifier: MIT */
/* Refuses plans that need what the denoiser cannot do. */
#include "sampler.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

quell_status quell_sampler_check(const quell_denoiser *denoiser, const quell_point *t)
{
    if (denoiser->type->needs_noise && !(t->sigma > 0))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: the %s denoiser needs sigma > 0, and sigma is 0 at t = %g",
                          denoiser->type->kind, t->t);
    if (!denoiser->type->check) return QUELL_OK;
    return denoiser->type->check(denoiser, t);
}

/* ADAPT evaluates at times between its two ends, so both ends are checked. */
static quell_status check_operation(const quell_sampler *sampler, const struct quell_op *op)
{
    if (op->kind != QUELL_EVAL && op->kind != QUELL_ADAPT) return QUELL_OK;
    if (op->kind == QUELL_ADAPT) {
        quell_status status = quell_sampler_check(sampler->denoiser, &op->s);
        if (status) return status;
    }
    if (op->variance && !sampler->denoiser->learned_variance)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "sampler: it needs a learned variance, which the %s denoiser does not have; "
            "one from a function has one with variance=\"learned_range\"",
            sampler->denoiser->type->kind);
    return quell_sampler_check(sampler->denoiser, &op->t);
}

/* Passes the times at which the plan evaluates to the denoiser's check of options that act at some
 * times only. */
quell_status quell_sampler_check_times(const quell_sampler *sampler)
{
    const struct quell_plan *plan = &sampler->plan;
    const quell_denoiser *denoiser = sampler->denoiser;
    if (!denoiser->type->check_times || sampler->step || !plan->count) return QUELL_OK;
    double *times = quell_new(plan->count + 2, sizeof *times);
    if (!times) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory for its times");
    size_t count = 0;
    bool anywhere = false;
    for (size_t i = 0; i < plan->count; i++) {
        const struct quell_op *op = &plan->ops[i];
        anywhere |= op->kind == QUELL_ADAPT;
        if (op->kind == QUELL_EVAL || op->kind == QUELL_ADAPT) times[count++] = op->t.t;
        if (op->kind == QUELL_ADAPT) times[count++] = op->s.t;
    }
    quell_status status = QUELL_OK;
    if (count) status = denoiser->type->check_times(denoiser, count, times, anywhere);
    free(times);
    return status;
}

/* Refuses steps of full order (steady=no) that amplify the rounding error of E[X | x_t], 2^-24 of
 * its size, by too much. */
static quell_status check_digits(const quell_sampler *sampler, const struct quell_multiple *worst)
{
    const double most = 0x1p24 / 1000;
    bool clamps = isfinite(sampler->clamp_low) || isfinite(sampler->clamp_high);
    bool changes = clamps || sampler->threshold.quantile > 0;
    if (worst->times <= most || (!sampler->denoiser->mean_alone && !changes)) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: with steady=no the step from t = %g to %g multiplies what %s rounded "
        "by %.1e times, of 2^-24; leave steady=no out, end at more noise, or %s",
        worst->t, worst->s, changes ? "the clamped mean is" : "E[X | x_t] is", worst->times,
        changes ? "do not clamp" : "have the denoiser return eps");
}

quell_status quell_sampler_check_plan(const quell_sampler *sampler, const struct quell_plan *plan)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < plan->count && !status; i++)
        status = check_operation(sampler, &plan->ops[i]);
    return status ? status : check_digits(sampler, &plan->multiple);
}
