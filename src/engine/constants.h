/* SPDX-License-Identifier: MIT */
/* What a denoiser computes from the schedule's point alone (quell_denoiser_class.constants), stored
 * with the sampler for all EVALs of its plan. If that takes too much memory, and for plans that are
 * made for one call, each worker computes it before each evaluation: the bits are the same. */
#ifndef QUELL_ENGINE_CONSTANTS_H
#define QUELL_ENGINE_CONSTANTS_H

#include "sampler.h"

/* Computes the constants of a sampler whose plan is complete. */
quell_status quell_constants_make(quell_sampler *sampler);

/* The stored constants of an EVAL, or NULL if there are none. */
const void *quell_constants_of(const quell_sampler *sampler, const struct quell_plan *plan,
                               const struct quell_op *op);

#endif
