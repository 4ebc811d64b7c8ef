/* SPDX-License-Identifier: MIT */
/* Plans in double precision: the same operations, coefficients and noise as the engine's, on
 * doubles and with the caller's own denoiser, so that orders of convergence and agreement with
 * papers can be seen far below float rounding. */
#ifndef QUELL_TESTS_DOUBLES_H
#define QUELL_TESTS_DOUBLES_H

#include "core/plan.h"

/* denoise: mu[dim] = E[X | x_t = x] at the point t; for a plan with a learned variance mu[2][dim],
 * of which the second is v, as networks return it. seed, sample: those of the noise. evaluations:
 * counts the calls of denoise. rounded: the state is rounded to floats wherever it is written, and
 * the other registers at each STEP; nothing else is rounded. */
struct doubles {
    size_t dim;
    void (*denoise)(void *user, const quell_point *t, const double *x, double *mu);
    void *user;
    uint64_t seed, sample;
    size_t evaluations;
    int rounded;
};

/* Takes x[dim] through the plan, in place. Ends the test if it cannot run an operation of the
 * plan. */
void doubles_run(struct doubles *doubles, const struct quell_plan *plan, double *x);

/* The plan of a sampler's spec for grid[0..steps], or the test ends; free it with
 * quell_plan_free. */
struct quell_plan doubles_plan(const char *spec, const quell_schedule *schedule,
                               const quell_point *grid, size_t steps, int brownian);

/* The points of a grid's spec ("karras:final=zero") from t = 1 to 0, in fresh memory. */
quell_point *doubles_grid(const char *spec, const quell_schedule *schedule, size_t steps);

#endif
