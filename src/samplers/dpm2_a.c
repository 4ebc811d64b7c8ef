/* SPDX-License-Identifier: MIT */
/* k-diffusion's ancestral DPM-Solver-2 and DPM-Solver++(2S) (Lu et al., 2206.00927 and 2211.01095,
 * algorithm 1 of each, r = 1/2): a step of dpm2 (dpm2.c), or of DPM-Solver++(2S) (dpm_single.c),
 * from t down to sigma_down, then noise up to s, where with sigma~ = sigma / alpha
 *
 *     sigma~_up = eta sigma~_s sqrt(1 - sigma~_s^2 / sigma~_t^2),
 *     sigma~_down^2 = sigma~_s^2 - sigma~_up^2.
 *
 * The two differ in the weight of the midpoint alone. It is the middle of lambda_t and
 * lambda_down: with eta = 1, s itself. A step to sigma_down = 0 is of the first order.
 *
 * The noise added is exactly that of the law of x_s, so that all errors are of the steps down,
 * and the weak order is theirs. */
#include "stages.h"

enum { ETA, S_NOISE, STEADY };

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option,
                  double (*weight)(double h, double part))
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        struct quell_ancestral step = quell_ancestral(t, s, option[ETA]);
        quell_noise_term noise = {option[S_NOISE] * step.up, quell_plan_noise(plan, 0, t, s)};
        quell_midpoint(plan, t, &step.down,
                       (struct quell_midpoint){0.5, weight, option[STEADY] != 0, noise, false});
        quell_plan_step(plan, t, s);
    }
}

static void dpm2_a(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    build(plan, grid, steps, option, quell_dpm_weight);
}

static void dpmpp_2s_a(quell_plan *plan, const quell_point *grid, size_t steps,
                       const double *option)
{
    build(plan, grid, steps, option, quell_dpmpp_weight);
}

static const struct quell_option options[] = {QUELL_ANCESTRAL, QUELL_STEADY, {0}};

static const struct quell_alias of_dpm2_a[] = {{"dpm_2_ancestral", "dpm2_a"}, {0}};
static const struct quell_alias of_dpmpp_2s_a[] = {{"dpmpp_2s_ancestral", "dpmpp_2s_a"}, {0}};

QUELL_FAMILY(dpm2_a) = {{.name = "dpm2_a",
                         .summary = "ancestral DPM-Solver-2 of k-diffusion",
                         .source = "arXiv:2206.00927",
                         .order = 2,
                         .evaluations = 2,
                         .noise = QUELL_STOCHASTIC,
                         .aliases = of_dpm2_a,
                         .options = options,
                         .build = dpm2_a},
                        {.name = "dpmpp_2s_a",
                         .summary = "ancestral DPM-Solver++(2S)",
                         .source = "arXiv:2211.01095",
                         .order = 2,
                         .evaluations = 2,
                         .noise = QUELL_STOCHASTIC,
                         .aliases = of_dpmpp_2s_a,
                         .options = options,
                         .build = dpmpp_2s_a},
                        {0}};
