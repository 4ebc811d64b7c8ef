/* SPDX-License-Identifier: MIT */
/* The law of x at the first time of a grid, from which quell_sample_prior draws x. */
#ifndef QUELL_ENGINE_PRIOR_H
#define QUELL_ENGINE_PRIOR_H

#include <quell/run.h>
#include "sampler.h"

/* Makes the law N(alpha m, alpha^2 v + sigma^2) at the first point of the grid, with m and v from
 * the options. Sets quell_sampler.prior_needed if the options must give m and v and do not. */
quell_status quell_prior_make(quell_sampler *sampler, const quell_sampler_options *options);

/* Draws x from the law, without the check below (in run.c). */
quell_status quell_prior_draw(const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run, float *x);

/* Refuses to draw if the options must give m and v and do not. */
quell_status quell_prior_check(const quell_sampler *sampler);

#endif
