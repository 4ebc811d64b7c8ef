/* SPDX-License-Identifier: MIT */
/* Latent consistency models (Luo et al., 2310.04378, algorithm 3): the model's x_0, and noise again
 * to the next point,
 *
 *     x_s = alpha_s mu + sigma_s z,   mu = f(x_t, t),   z ~ N(0, I).
 *
 * For models distilled to predict x_0 itself. With a denoiser that predicts E[X | x_t] every step
 * forgets all but that mean: more steps do not come near the law, and so the order is 0. */
#include "method.h"

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    (void)option;
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        quell_term term = {s->alpha, mu};
        quell_noise_term noise = {s->sigma, quell_plan_noise(plan, 0, t, s)};
        quell_plan_combine(plan, QUELL_STATE, 1, &term, 1, &noise);
        quell_plan_release(plan, mu);
        quell_plan_step(plan, t, s);
    }
}

QUELL_FAMILY(lcm) = {{.name = "lcm",
                      .summary = "latent consistency models; for distilled models",
                      .source = "arXiv:2310.04378",
                      .order = 0,
                      .evaluations = 1,
                      .noise = QUELL_STOCHASTIC,
                      .no_path = true,
                      .options = QUELL_NO_OPTIONS,
                      .build = build},
                     {0}};
