/* SPDX-License-Identifier: MIT */
/* DDIM: denoising diffusion implicit models (Song et al., 2010.02502, eq. 12), in azula's
 * continuous form, whose eta is the paper's squared:
 *
 *     x_s = alpha_s mu + sigma_s sqrt(1 - eta^2 tau) (x_t - alpha_t mu) / sigma_t
 *                      + sigma_s eta sqrt(tau) eps,
 *     mu = E[X | x_t],  eps ~ N(0, I),  tau = 1 - (alpha_t / alpha_s)^2 (sigma_s / sigma_t)^2,
 *
 * with eta^2 tau clipped to [0, 1]. eta = 0 is deterministic, eta = 1 is DDPM. */
#include "method.h"
#include "base/maths.h"

static double clip(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

/* With rho = (alpha_t / sigma_t) / (alpha_s / sigma_s) = exp(log_rho) <= 1, tau = 1 - rho^2 and
 * the coefficient of mu is alpha_s (1 - rho sqrt(1 - eta^2 tau)). Small steps have rho near 1,
 * large ones near 0: expm1 and the two forms of 1 - eta^2 tau keep the digits at both ends. */
void quell_ddim_transition(quell_plan *plan, const quell_point *t, const quell_point *s, double eta,
                           unsigned slot)
{
    double log_rho = quell_lambda(t) - quell_lambda(s), share = eta * eta;
    double fresh = clip(-share * quell_expm1(2 * log_rho));         /* eta^2 tau */
    double kept = clip(1 - share + share * quell_exp(2 * log_rho)); /* 1 - eta^2 tau */
    double log_kept = kept < 0.5 ? quell_log(kept) : quell_log1p(-fresh);

    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    quell_term terms[] = {
        {s->sigma * sqrt(kept) / t->sigma, QUELL_STATE},
        {-s->alpha * quell_expm1(log_rho + log_kept / 2), mu},
    };
    quell_noise_term noise = {s->sigma * sqrt(fresh), quell_plan_noise(plan, slot, t, s)};
    quell_plan_combine(plan, QUELL_STATE, 2, terms, 1, &noise);
    quell_plan_release(plan, mu);
    quell_plan_step(plan, t, s);
}

/* eta^2 tau = 3/4. */
double quell_ddim_most_eta(const quell_point *t, const quell_point *s, const double *option)
{
    (void)option;
    return sqrt(-0.75 / quell_expm1(2 * (quell_lambda(t) - quell_lambda(s))));
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++)
        quell_ddim_transition(plan, &grid[i], &grid[i + 1], option[0], 0);
}

static const struct quell_option options[] = {
    QUELL_NUMBER("eta", 0, 0, 1e6, "stochasticity: 0 deterministic, 1 DDPM"), {0}};

QUELL_FAMILY(ddim) = {{.name = "ddim",
                       .summary = "implicit models, deterministic unless eta > 0",
                       .source = "arXiv:2010.02502",
                       .order = 1,
                       .evaluations = 1,
                       .noise = QUELL_OPTIONALLY_STOCHASTIC,
                       .options = options,
                       .build = build,
                       .most_eta = quell_ddim_most_eta},
                      {0}};
