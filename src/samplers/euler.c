/* SPDX-License-Identifier: MIT */
/* Euler's method in sigma~ = sigma / alpha, with the churn of Karras et al. (2206.00364, algorithm
 * 2 without its second-order correction). With y = x / alpha:
 *
 *     y_hat ~ N(y_t, s_noise^2 (sigma~_hat^2 - sigma~_t^2))           (churn.c)
 *     d = (y_hat - mu) / sigma~_hat,   mu = E[X | x_hat]
 *     y_s = y_hat + (sigma~_s - sigma~_hat) d.
 *
 * Without churn it is DDIM with eta = 0, which is DPM-Solver-1 too. */
#include "stages.h"

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        quell_point hat = quell_churn(plan, &grid[i], &grid[i + 1], steps, option);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, &hat);
        QUELL_STAGE(plan, QUELL_STATE, .t = &hat, .s = &grid[i + 1], .mu = mu);
        quell_plan_release(plan, mu);
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
}

static const struct quell_option options[] = {QUELL_CHURN, {0}};

QUELL_FAMILY(euler) = {{.name = "euler",
                        .summary = "Euler's method; churn",
                        .source = "arXiv:2206.00364",
                        .order = 1,
                        .evaluations = 1,
                        .noise = QUELL_OPTIONALLY_STOCHASTIC,
                        .options = options,
                        .build = build,
                        .check = quell_churn_check},
                       {0}};
