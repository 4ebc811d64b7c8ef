/* SPDX-License-Identifier: MIT */
/* Ancestral Euler: down below s without noise, then noise up to s. With y = x / alpha and
 * sigma~ = sigma / alpha,
 *
 *     y_down = mu + (sigma~_down / sigma~_t) (y_t - mu),   mu = E[X | x_t]
 *     y_s = y_down + s_noise sqrt(sigma~_s^2 - sigma~_down^2) eps,   eps ~ N(0, I),
 *
 * in two forms that differ in sigma~_down.
 *
 * ve, k-diffusion's: sigma~_s^2 - sigma~_down^2 = eta^2 sigma~_s^2 (1 - sigma~_s^2 / sigma~_t^2).
 *
 * rf, ComfyUI's for rectified flow: with u = sigma / (alpha + sigma), which is sigma where
 * alpha = 1 - sigma, u_down = u_s (1 + (u_s / u_t - 1) eta). With g = eta (1 - u_s / u_t) and
 * S = sigma~_s,
 *
 *     sigma~_down / sigma~_s = (1 - g) / (1 + S g).
 *
 * Both are exact in the limit; eta is clipped where sigma~_down would be negative: with eta > 1 in
 * those steps that are too long for it, as k-diffusion's get_ancestral_step does. At alpha_t = 0
 * and at sigma_s = 0 the formulas hold as they are. */
#include "stages.h"
#include "base/maths.h"

enum { ETA, S_NOISE, FORM };

/* g / eta. */
static double flow_part(const quell_point *t, const quell_point *s)
{
    return -quell_expm1(quell_lambda(t) - quell_lambda(s)) * (s->alpha / (s->alpha + s->sigma));
}

/* sigma_up / sigma_s / eta. */
static double ancestral_part(const quell_point *t, const quell_point *s)
{
    return sqrt(-quell_expm1(2 * (quell_lambda(t) - quell_lambda(s))));
}

/* That with sigma~_down = sigma~_s / 2. */
static double most_eta(const quell_point *t, const quell_point *s, const double *option)
{
    if (option[FORM] == 0) return sqrt(0.75) / ancestral_part(t, s);
    return 1 / ((2 + s->sigma / s->alpha) * flow_part(t, s));
}

/* The levels of noise of an ancestral step with eta > 1: it replaces eta times the noise that a
 * step with eta = 1 replaces, but at most all of it. */
static struct quell_ancestral beyond(const quell_point *t, const quell_point *s, double eta)
{
    double up = fmin(1, eta * ancestral_part(t, s)), kept = fmax(0, (1 - up) * (1 + up));
    struct quell_ancestral step = {*s, s->sigma * up};
    step.down.sigma *= sqrt(kept);
    step.down.log_sigma += quell_log(kept) / 2;
    return step;
}

static struct quell_ancestral by_sigma(const quell_point *t, const quell_point *s, double eta)
{
    return (eta > 1 ? beyond : quell_ancestral)(t, s, eta);
}

static struct quell_ancestral flow(const quell_point *t, const quell_point *s, double eta)
{
    double ratio = s->sigma / s->alpha, g = eta * flow_part(t, s);
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
        struct quell_ancestral step = (option[FORM] != 0 ? flow : by_sigma)(t, s, option[ETA]);
        quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = &step.down, .mu = mu,
                    .noise = {option[S_NOISE] * step.up, quell_plan_noise(plan, 0, t, s)});
        quell_plan_release(plan, mu);
        quell_plan_step(plan, t, s);
    }
}

static const struct quell_option options[] = {
    QUELL_NUMBER("eta", 1, 0, 1e6,
                 "stochasticity: 0 deterministic, 1 full; more, if steps are short"),
    QUELL_NUMBER_NEEDS("eta", "s_noise", 1, 0, 1e6, "factor on the noise"),
    QUELL_CHOICE_NEEDS("eta", "form", 0, "ve|rf",
                       "where a step goes down to: ve by sigma, rf as for flows"),
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
                          .build = build,
                          .most_eta = most_eta},
                         {0}};
