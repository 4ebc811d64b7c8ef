/* SPDX-License-Identifier: MIT */
/* The weight of guidance, and the mean of a guided denoiser, computed from the means of its two
 * denoisers. */
#ifndef QUELL_DENOISERS_GUIDANCE_MEAN_H
#define QUELL_DENOISERS_GUIDANCE_MEAN_H

#include <quell/guidance.h>
#include "denoisers/denoiser.h"

/* Return the weight at t, and whether guidance acts at t. */
double quell_guidance_weight(const quell_guidance *guidance, double t);
bool quell_guidance_acts(const quell_guidance *guidance, double t);

/* Returns whether guidance acts at no time, because its weight is 1 throughout. The weight is also
 * 1 between two given points with the weight 1. */
bool quell_guidance_is_none(const quell_guidance *guidance);

/* Refuses guidance that is not possible with these denoisers, or that has no effect on them. */
quell_status quell_guidance_check(const quell_denoiser *denoiser, const quell_denoiser *guide,
                                  const quell_guidance *guidance);

/* Refuses guidance that acts at none of these times (quell_denoiser_class.check_times). */
quell_status quell_guidance_check_times(const quell_guidance *guidance, size_t count,
                                        const double *times, bool anywhere);

/* Replaces the rows mu in at->out by mu' = w mu + (1 - w) other, and then by phi mu' s / s' + (1 -
 * phi) mu', where s and s' are the standard deviations of mu and mu' (quell_guidance.rescale). */
void quell_guidance_combine(const struct quell_evaluation *at, size_t dim, double weight,
                            double phi, const float *other);

#endif
