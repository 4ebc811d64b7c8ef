/* SPDX-License-Identifier: MIT */
/* Multistep consistency sampling (Song et al., 2303.01469, algorithm 1). With y = x / alpha and
 * sigma~ = sigma / alpha,
 *
 *     y_s = mu + sqrt(sigma~_s^2 - sigma_min^2) z,   mu = f(y_t, sigma~_t),   z ~ N(0, I),
 *
 * where f predicts the start of the trajectory, at sigma~ = sigma_min; without noise from there on.
 *
 * For distilled models. With a denoiser that predicts E[X | x_t] every step forgets all but that
 * mean: more steps do not come near the law, and so the order is 0. */
#include "method.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/maths.h"

#define SIGMA_MIN 0.002 /* the default, as in EDM */

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        double ratio = s->sigma > 0 ? option[0] * s->alpha / s->sigma : 1; /* to sigma~_s */
        double fresh = ratio < 1 ? (1 - ratio) * (1 + ratio) : 0;
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        quell_term term = {s->alpha, mu};
        quell_noise_term noise = {s->sigma * sqrt(fresh), quell_plan_noise(plan, 0, t, s)};
        quell_plan_combine(plan, QUELL_STATE, 1, &term, 1, &noise);
        quell_plan_release(plan, mu);
        quell_plan_step(plan, t, s);
    }
}

/* Refuses a sigma_min that the levels of noise begin below, or go below at once in many steps: no
 * noise would come after the first step. */
static quell_status check(const quell_schedule *schedule, const quell_point *grid, size_t steps,
                          const double *option)
{
    const quell_point *second = &grid[steps > 2];
    (void)schedule;
    if (option[0] == SIGMA_MIN || option[0] * second->alpha < second->sigma) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "consistency: sigma_min is %s, but sigma / alpha is %g at t = %s, where steps "
        "begin; must be what the trajectories of the model end at",
        QUELL_SAID(option[0]), second->sigma / second->alpha, QUELL_SAID(second->t));
}

static const struct quell_option options[] = {
    QUELL_NUMBER("sigma_min", SIGMA_MIN, 0, 1e6,
                 "sigma / alpha at which the model's trajectories end"),
    {0}};

QUELL_FAMILY(consistency) = {{.name = "consistency",
                              .summary = "multistep consistency; for distilled models",
                              .source = "arXiv:2303.01469",
                              .order = 0,
                              .evaluations = 1,
                              .noise = QUELL_STOCHASTIC,
                              .no_path = true,
                              .options = options,
                              .build = build,
                              .check = check},
                             {0}};
