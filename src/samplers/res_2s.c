/* SPDX-License-Identifier: MIT */
/* RES, the refined exponential solver of second order in one step (Zhang et al., 2308.02157, table
 * 3): the exponential Runge-Kutta method of two stages. With h = lambda_s - lambda_t, nodes c1 = 0
 * and c2 = r, phi_k at -h,
 *
 *     x_2 = (sigma_2 / sigma_t) x_t + alpha_2 c2 h phi_1(-c2 h) mu,   at lambda_t + c2 h
 *     x_s = (sigma_s / sigma_t) x_t + alpha_s h (b1 mu + b2 mu_2),
 *     b1 = phi_1 - phi_2 / c2,   b2 = phi_2 / c2,   mu = E[X | x_t],   mu_2 = E[X | x_2].
 *
 * As stages (stages.h), mu_2 - mu has the weight h b2. Steps from alpha_t = 0 and to sigma_s = 0
 * are of the first order. */
#include "stages.h"
#include "base/phi.h"

static double weight(double h, double c2) { return h * quell_phi(2, -h) / c2; }

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        quell_midpoint(plan, &grid[i], &grid[i + 1],
                       (struct quell_midpoint){option[0], weight, option[1] != 0, {0, 0}, true});
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
}

static const struct quell_option options[] = {
    QUELL_NUMBER("r", 0.5, 1e-3, 1, "position of the second evaluation in the step"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(res_2s) = {{.name = "res_2s",
                         .summary = "RES: exponential Runge-Kutta of two stages",
                         .source = "arXiv:2308.02157",
                         .order = 2,
                         .evaluations = 2,
                         .noise = QUELL_DETERMINISTIC,
                         .options = options,
                         .build = build},
                        {0}};
