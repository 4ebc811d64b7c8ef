/* SPDX-License-Identifier: MIT */
/* k-diffusion's DPM-Solver-2 with churn: the midpoint rule in sigma~ = sigma / alpha, the middle
 * taken in log sigma~, after Lu et al. (2206.00927, algorithm 1) and the churn of Karras et al.
 * (2206.00364). With y = x / alpha, after the churn (churn.c), from t to s:
 *
 *     sigma~_m = sqrt(sigma~_t sigma~_s)
 *     y_m = y_t + (sigma~_m - sigma~_t) d,     d   = (y_t - mu) / sigma~_t
 *     y_s = y_t + (sigma~_s - sigma~_t) d_m,   d_m = (y_m - mu_m) / sigma~_m
 *
 * and y_s = y_t + (sigma~_s - sigma~_t) d in a step to sigma_s = 0. It is DPM-Solver-2 with
 * r1 = 1/2 (dpm_single.c). */
#include "stages.h"

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        quell_point hat = quell_churn(plan, &grid[i], &grid[i + 1], steps, option);
        quell_midpoint(plan, &hat, &grid[i + 1],
                       (struct quell_midpoint){
                           0.5, quell_dpm_weight, option[QUELL_CHURN_OPTIONS] != 0, {0, 0}, false});
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
}

static const struct quell_option options[] = {QUELL_CHURN, QUELL_STEADY, {0}};

static const struct quell_alias aliases[] = {{"dpm_2", "dpm2"}, {0}};

QUELL_FAMILY(dpm2) = {{.name = "dpm2",
                       .summary = "DPM-Solver-2 of k-diffusion; churn",
                       .source = "arXiv:2206.00927",
                       .order = 2,
                       .evaluations = 2,
                       .noise = QUELL_OPTIONALLY_STOCHASTIC,
                       .aliases = aliases,
                       .options = options,
                       .build = build,
                       .check = quell_churn_check},
                      {0}};
