/* SPDX-License-Identifier: MIT */
/* A sampler inside the library: its grid, its plan, and how its plans are made. */
#ifndef QUELL_ENGINE_SAMPLER_H
#define QUELL_ENGINE_SAMPLER_H

#include <quell/sampler.h>
#include "base/spec.h"
#include "core/plan.h"
#include "denoisers/denoiser.h"
#include "threshold.h"
#include "samplers/method.h"

/* Noise is drawn a chunk at a time: this many elements, or as many whole samples as fit. */
#define QUELL_CHUNK 2048

/* Returns the rows of a chunk of samples of size dim: 1 if a sample is larger than a chunk. */
static inline size_t quell_chunk_rows(size_t dim)
{
    return dim < QUELL_CHUNK ? QUELL_CHUNK / dim : 1;
}

/* Exactly one of `method`, `builder` and `step` is set. */
struct quell_sampler {
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    const struct quell_method *method;
    const char *spec; /* the caller's text, while the sampler is being created; then NULL */
    double option[QUELL_MAX_OPTIONS];
    quell_build_fn *builder;
    quell_step_fn *step;
    void *user;
    quell_release_fn *release; /* frees `user`; set once the sampler is complete */

    size_t steps;
    bool brownian;
    quell_point *grid;      /* [steps + 1] */
    struct quell_plan plan; /* for a step function it has only STEPs */
    char *constants;        /* of the plan's EVALs, constants_each bytes each (constants.h) */
    size_t constants_each;
    float clamp_low, clamp_high;
    struct quell_threshold threshold;
    float *prior_mean, *prior_deviation; /* of x_1: [dim], repeated to fill a chunk */
    bool prior_needed; /* the law of x_1 depends on that of X, which the options do not give */
};

/* The number of registers of scratch memory that a step function has. */
#define QUELL_STEP_SCRATCH 4

/* Refuses a point at which the denoiser cannot be evaluated. */
quell_status quell_sampler_check(const quell_denoiser *denoiser, const quell_point *t);

/* Refuses options of the denoiser that have no effect at any time at which the plan evaluates. */
quell_status quell_sampler_check_times(const quell_sampler *sampler);

/* Refuses a plan that evaluates at a point which quell_sampler_check refuses, or with steps that
 * need more digits than the denoiser's results have. */
quell_status quell_sampler_check_plan(const quell_sampler *sampler, const struct quell_plan *plan);

/* Makes the plan for the transitions of a grid and checks it against the denoiser. The caller frees
 * the plan, also after a failure. */
quell_status quell_sampler_plan(const quell_sampler *sampler, const quell_point *grid, size_t steps,
                                struct quell_plan *plan);

/* Returns whether the sampler draws noise on the way from x_1 to x_0, by its plan. If it has a
 * method, the plan of the whole way from t = 1 to 0 counts too. A step function counts as drawing
 * noise. */
bool quell_sampler_noisy(const quell_sampler *sampler);

#endif
