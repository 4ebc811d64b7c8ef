/* SPDX-License-Identifier: MIT */
/* Ancestral Euler: down below s without noise, then noise up to s. With y = x / alpha and sigma~ =
 * sigma / alpha,
 *
 *     y_down = mu + (sigma~_down / sigma~_t) (y_t - mu),   mu = E[X | x_t]
 *     y_s = y_down + s_noise sqrt(sigma~_s^2 - sigma~_down^2) eps,   eps ~ N(0, I),
 *
 * in two forms that differ in sigma~_down.
 *
 * ve, k-diffusion's: sigma~_s^2 - sigma~_down^2 = eta^2 sigma~_s^2 (1 - sigma~_s^2 / sigma~_t^2).
 *
 * rf, ComfyUI's for rectified flow: with u = sigma / (alpha + sigma), which is sigma where alpha =
 * 1 - sigma, u_down = u_s (1 + (u_s / u_t - 1) eta). With g = eta (1 - u_s / u_t) and S = sigma~_s,
 *
 *     sigma~_down / sigma~_s = (1 - g) / (1 + S g).
 *
 * Both are exact in the limit; eta is clipped where sigma~_down would be negative. At alpha_t = 0
 * and at sigma_s = 0 the formulas hold as they are. */
#include "stages.h"
#include "base/maths.h"

enum { ETA, S_NOISE, FORM };

static struct quell_ancestral flow(const quell_point *t, const quell_point *s, double eta)
{
    double sum = s->alpha + s->sigma, ratio = s->sigma / s->alpha;
    double g = -eta * quell_expm1(quell_lambda(t) - quell_lambda(s)) * (s->alpha / sum);
    if (g > 1) g = 1;
    double kept = (1 - g) / (1 + ratio * g), gone = g * (1 + ratio) / (1 + ratio * g);
    struct quell_ancestral step = {*s, s->sigma * sqrt(gone * (1 + kept))};
    step.down.sigma *= kept;
    step.down.log_sigma += kept < 0.5 ? quell_log(kept) : quell_log1p(-gone);
    return step;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        struct quell_ancestral step =
            (option[FORM] != 0 ? flow : quell_ancestral)(t, s, option[ETA]);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = &step.down, .mu = mu,
                    .noise = {option[S_NOISE] * step.up, quell_plan_noise(plan, 0, t, s)});
        quell_plan_release(plan, mu);
        quell_plan_step(plan, t, s);
    }
}

static const struct quell_option options[] = {
    QUELL_ANCESTRAL,
    QUELL_CHOICE("form", 0, "ve|rf", "how far down: by sigma, or as flows do"),
    {0}};

static const struct quell_alias aliases[] = {{"euler_ancestral", "euler_a"}, {0}};

QUELL_FAMILY(euler_a) = {{.name = "euler_a",
                          .summary = "ancestral Euler",
                          .source = "k-diffusion",
                          .order = 1,
                          .evaluations = 1,
                          .noise = QUELL_STOCHASTIC,
                          .aliases = aliases,
                          .options = options,
                          .build = build},
                         {0}};
