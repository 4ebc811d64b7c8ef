/* SPDX-License-Identifier: MIT */
/* Checks a sampler's options: ranges, contradictions, and options that have no effect with the
 * others. This is the only place that decides whether an option is ignored; all languages and the
 * command use it. */
#ifndef QUELL_ENGINE_SAMPLER_OPTIONS_H
#define QUELL_ENGINE_SAMPLER_OPTIONS_H

#include "sampler.h"

/* Fills in the defaults of options that are not given, and checks all that does not depend on the
 * grid. */
quell_status quell_sampler_settle(const quell_sampler *made, const quell_denoiser *denoiser,
                                  quell_sampler_options *o);

/* Refuses options that the finished grid and plan do not use. */
quell_status quell_sampler_check_used(const quell_sampler *sampler, const quell_sampler_options *o);

#endif
