/* SPDX-License-Identifier: MIT */
/* What a denoiser computes from a point of the schedule alone (quell_denoiser_class.constants). The
 * sampler stores these constants for all EVALs of its plan. If they would take too much memory, and
 * for plans that are made for one call, each worker computes them before each evaluation instead,
 * with the same bits. */
#ifndef QUELL_ENGINE_CONSTANTS_H
#define QUELL_ENGINE_CONSTANTS_H

#include "sampler.h"

/* Computes the constants of a sampler whose plan is complete. */
quell_status quell_constants_make(quell_sampler *sampler);

/* Returns the stored constants of an EVAL, or NULL if none are stored. */
const void *quell_constants_of(const quell_sampler *sampler, const struct quell_plan *plan,
                               const struct quell_op *op);

#endif
