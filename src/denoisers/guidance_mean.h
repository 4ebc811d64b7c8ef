/* SPDX-License-Identifier: MIT */
/* The weight of guidance, and the mean of a guided denoiser from its two. */
#ifndef QUELL_DENOISERS_GUIDANCE_MEAN_H
#define QUELL_DENOISERS_GUIDANCE_MEAN_H

#include <quell/guidance.h>
#include "denoisers/denoiser.h"

/* The weight at t, and whether it is guided there. */
double quell_guidance_weight(const quell_guidance *guidance, double t);
bool quell_guidance_acts(const quell_guidance *guidance, double t);

/* Whether it is guided at no time: a weight of 1 is none. Between two points that both say 1 it is
 * 1 throughout. */
bool quell_guidance_is_none(const quell_guidance *guidance);

/* Refuses guidance that these denoisers cannot have, or that has no effect on them. */
quell_status quell_guidance_check(const quell_denoiser *denoiser, const quell_denoiser *guide,
                                  const quell_guidance *guidance);

/* Refuses guidance that acts at none of these times (quell_denoiser_class.check_times). */
quell_status quell_guidance_check_times(const quell_guidance *guidance, size_t count,
                                        const double *times, bool anywhere);

/* Replaces the rows mu in at->out by mu' = w mu + (1 - w) other, and these by phi mu' s / s' + (1 -
 * phi) mu' (quell_guidance.rescale). */
void quell_guidance_combine(const struct quell_evaluation *at, size_t dim, double weight,
                            double phi, const float *other);

#endif
