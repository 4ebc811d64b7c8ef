/* SPDX-License-Identifier: MIT */
/* What a sampler is told: ranges, contradictions, and what has no effect with the rest. Whether an
 * option is ignored is decided here alone; every language and the command ask. */
#ifndef QUELL_ENGINE_SAMPLER_OPTIONS_H
#define QUELL_ENGINE_SAMPLER_OPTIONS_H

#include "sampler.h"

/* Puts numbers for what is not given, and checks all that does not depend on the grid. */
quell_status quell_sampler_settle(const quell_sampler *made, const quell_denoiser *denoiser,
                                  quell_sampler_options *o);

/* Checks, once grid and plan are made, what they have no use for. */
quell_status quell_sampler_check_used(const quell_sampler *sampler, const quell_sampler_options *o);

#endif
