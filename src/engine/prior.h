/* SPDX-License-Identifier: MIT */
/* The law of x at the first time of a grid, from which quell_sample_prior draws. */
#ifndef QUELL_ENGINE_PRIOR_H
#define QUELL_ENGINE_PRIOR_H

#include <quell/run.h>
#include "sampler.h"

/* Makes the law from the options, N(alpha m, alpha^2 v + sigma^2) at the first point of the grid,
 * and finds out whether it would have to be given (quell_sampler.prior_needed). */
quell_status quell_prior_make(quell_sampler *sampler, const quell_sampler_options *options);

/* Draws from it, whether it is given or not (in run.c). */
quell_status quell_prior_draw(const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run, float *x);

/* Refuses to draw from a law that would have to be given, and is not. */
quell_status quell_prior_check(const quell_sampler *sampler);

#endif
