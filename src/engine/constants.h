/* SPDX-License-Identifier: MIT */
/* What a denoiser works out of the point alone, kept with the sampler for all EVALs of its plan, so
 * that a run finds it there. Where that would take too much memory, and in plans that are made for
 * one call, each worker works it out before each evaluation: the bits are the same. */
#ifndef QUELL_ENGINE_CONSTANTS_H
#define QUELL_ENGINE_CONSTANTS_H

#include "sampler.h"

/* For a sampler whose plan is made. */
quell_status quell_constants_make(quell_sampler *sampler);

/* Those of an EVAL of a plan, or NULL. */
const void *quell_constants_of(const quell_sampler *sampler, const struct quell_plan *plan,
                               const struct quell_op *op);

#endif
