/* SPDX-License-Identifier: MIT */
/* Trajectory consistency distillation (Zheng et al., 2402.19159, strategic stochastic sampling):
 * the model jumps along its trajectory to a time before s, and noise leads back up to s,
 *
 *     x_d = alpha_d mu + sigma_d (x_t - alpha_t mu) / sigma_t,   at the time d = (1 - gamma) s
 *     x_s = (alpha_s / alpha_d) x_d + sqrt(sigma_s^2 - (alpha_s / alpha_d)^2 sigma_d^2) z,
 *
 * mu = f(x_t, t), z ~ N(0, I). gamma = 0 is DDIM, gamma = 1 nearly LCM. Times
 * are those of the schedule, from 0 to 1, where other code rounds down to a training step. The step
 * to the end at t = 0 has no noise.
 *
 * For distilled models: with a denoiser that predicts E[X | x_t], jumps of a length that does not
 * fall with the number of steps do not come near the law, and so the order is 0. */
#include "stages.h"
#include "base/maths.h"

/* The point d seen from s: (alpha_s / alpha_d) x_d has alpha_s and sigma~_d. */
static struct quell_ancestral down(quell_plan *plan, const quell_point *s, double gamma)
{
    struct quell_ancestral step = {*s, 0};
    if (s->sigma == 0) return step;
    quell_point d = quell_plan_at(plan, (1 - gamma) * s->t);
    double fall = quell_lambda(s) - quell_lambda(&d); /* <= 0, but for rounding */
    if (!(fall < 0)) return step;
    step.up = s->sigma * sqrt(-quell_expm1(2 * fall));
    step.down.log_sigma += fall;
    step.down.sigma *= quell_exp(fall);
    return step;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        struct quell_ancestral step = down(plan, s, option[0]);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = &step.down, .mu = mu,
                    .noise = {step.up, quell_plan_noise(plan, 0, t, s)});
        quell_plan_release(plan, mu);
        quell_plan_step(plan, t, s);
    }
}

static const struct quell_option options[] = {
    QUELL_NUMBER("gamma", 0.3, 0, 1, "how far a jump goes beyond the next time; 0: not at all"),
    {0}};

QUELL_FAMILY(tcd) = {{.name = "tcd",
                      .summary = "trajectory consistency; for distilled models",
                      .source = "arXiv:2402.19159",
                      .order = 0,
                      .evaluations = 1,
                      .noise = QUELL_STOCHASTIC,
                      .no_path = true,
                      .options = options,
                      .build = build},
                     {0}};
