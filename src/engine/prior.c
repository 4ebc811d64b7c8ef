/* SPDX-License-Identifier: MIT */
#include "prior.h"
#include "core/schedule.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>

/* Returns whether x contains so little of X that the law of X does not matter: alpha < 0.01 sigma,
 * or as little as at the schedule's end, to 1%. */
static bool is_early(const quell_sampler *sampler, const quell_point *first)
{
    quell_point end;
    if (first->alpha < 0.01 * first->sigma) return true;
    return !quell_schedule_point(sampler->schedule, 1, &end) &&
           first->alpha * end.sigma <= 1.01 * end.alpha * first->sigma;
}

/* Returns whether the options must give the law of X. If the caller has not chosen the first time,
 * it is the end of the schedule or of the grid. Other libraries draw from pure noise there, with
 * alpha up to 0.18 sigma (beta_laplace); with alpha beyond a quarter of sigma the mean would be off
 * by as much. */
static bool is_needed(const quell_sampler *sampler, const quell_sampler_options *o)
{
    const quell_point *first = sampler->grid;
    bool chosen = o->start != 1 || o->times || o->sigmas;
    if (o->prior_mean || o->prior_variance) return false;
    return first->alpha > 0.25 * first->sigma || (chosen && !is_early(sampler, first));
}

quell_status quell_prior_make(quell_sampler *sampler, const quell_sampler_options *o)
{
    quell_point t = sampler->grid[0];
    size_t dim = sampler->denoiser->dim, count = dim * quell_chunk_rows(dim);
    sampler->prior_needed = is_needed(sampler, o);
    sampler->prior_mean = quell_new(count, sizeof(float));
    sampler->prior_deviation = quell_new(count, sizeof(float));
    if (!sampler->prior_mean || !sampler->prior_deviation)
        return quell_fail(QUELL_NO_MEMORY, "sampler: no memory for the law of x_1");
    for (size_t i = 0; i < count; i++) {
        size_t element = o->prior_dim == 1 ? 0 : i % dim;
        double mean = o->prior_mean ? o->prior_mean[element] : 0;
        double variance = o->prior_variance ? o->prior_variance[element] : 1;
        sampler->prior_mean[i] = (float)(t.alpha * mean);
        sampler->prior_deviation[i] = (float)sqrt(t.alpha * t.alpha * variance + t.sigma * t.sigma);
    }
    return QUELL_OK;
}

quell_status quell_prior_check(const quell_sampler *sampler)
{
    const quell_point *first = sampler->grid;
    if (!sampler->prior_needed) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "sampler: at its first time, t = %g, alpha is %.3g and sigma %.3g, so that x "
                      "depends on the law of X: give its mean and variance, prior_mean and "
                      "prior_variance (0 and 1 for normalised data)",
                      first->t, first->alpha, first->sigma);
}
