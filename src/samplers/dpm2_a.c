/* SPDX-License-Identifier: MIT */
/* k-diffusion's ancestral DPM-Solver-2: a step of dpm2 (dpm2.c) from t down to sigma_down, then
 * noise up to s, where with sigma~ = sigma / alpha
 *
 *     sigma~_up = eta sigma~_s sqrt(1 - sigma~_s^2 / sigma~_t^2),
 *     sigma~_down^2 = sigma~_s^2 - sigma~_up^2.
 *
 * After Lu et al. (2206.00927, algorithm 1). The middle is that of log sigma~_t and log
 * sigma~_down: with eta = 1, s itself. A step to sigma_down = 0 is Euler's.
 *
 * The noise added is exactly that of the law of x_s, so that all errors are of the steps down,
 * and the weak order is theirs. */
#include "stages.h"

enum { ETA, S_NOISE, STEADY };

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        struct quell_ancestral step = quell_ancestral(t, s, option[ETA]);
        quell_noise_term noise = {option[S_NOISE] * step.up, quell_plan_noise(plan, 0, t, s)};
        quell_midpoint(
            plan, t, &step.down,
            (struct quell_midpoint){0.5, quell_dpm_weight, option[STEADY] != 0, noise, false});
        quell_plan_step(plan, t, s);
    }
}

static const struct quell_option options[] = {QUELL_ANCESTRAL, QUELL_STEADY, {0}};

static const struct quell_alias aliases[] = {{"dpm_2_ancestral", "dpm2_a"}, {0}};

QUELL_FAMILY(dpm2_a) = {{.name = "dpm2_a",
                         .summary = "ancestral DPM-Solver-2 of k-diffusion",
                         .source = "arXiv:2206.00927",
                         .order = 2,
                         .evaluations = 2,
                         .noise = QUELL_STOCHASTIC,
                         .aliases = aliases,
                         .options = options,
                         .build = build},
                        {0}};
