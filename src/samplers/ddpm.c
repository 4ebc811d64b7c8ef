/* SPDX-License-Identifier: MIT */
/* DDPM: denoising diffusion probabilistic models (Ho et al., 2006.11239, algorithm 2), in azula's
 * continuous form:
 *
 *     x_s = alpha_s mu + sigma_s sqrt(1 - tau) (x_t - alpha_t mu) / sigma_t
 *                      + sigma_s sqrt(tau) eps,
 *     mu = E[X | x_t],  eps ~ N(0, I),  tau = 1 - (alpha_t / alpha_s)^2 (sigma_s / sigma_t)^2.
 *
 * It is DDIM with eta = 1 (ddim.c), which works the coefficients out. */
#include "method.h"

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    (void)option;
    for (size_t i = 0; i < steps; i++) quell_ddim_transition(plan, &grid[i], &grid[i + 1], 1, 0);
}

static const struct quell_option options[] = {{0}};

QUELL_FAMILY(ddpm) = {{.name = "ddpm",
                       .summary = "ancestral sampling",
                       .paper = "2006.11239",
                       .order = 1,
                       .evaluations = 1,
                       .noise = QUELL_STOCHASTIC,
                       .options = options,
                       .build = build},
                      {0}};
