/* SPDX-License-Identifier: MIT */
/* DPM-Solver++(3M) SDE (k-diffusion; the SDE of Lu et al., 2211.01095): the SDE of rate eta (sde.h)
 * with mu a quadratic in lambda, through its values at t and at the points q, p before it. With
 * v = (lambda - lambda_t) / h and divided differences in v,
 *
 *     mu = mu_t + v mu[t, q] + v (v - v_q) mu[t, q, p],
 *     x_s = (sigma_s / sigma_t) exp(-eta h) x_t
 *         + alpha_s (m_0 mu_t + m_1 (mu[t, q] - v_q mu[t, q, p]) + m_2 mu[t, q, p])
 *         + sigma_s sqrt(1 - exp(-2 eta h)) eps,
 *
 * m_k = z k! phi_{k+1}(-z) the integral of v^k, z = (1 + eta) h. k-diffusion has z phi_3(-z) in
 * place of m_2 = 2 z phi_3(-z), and so is of second order even without noise: formula=k_diffusion.
 * The first step is of first order, the second of second. */
#include "sde.h"
#include "steady.h"

enum { ETA, S_NOISE, FORMULA, STEADY };

static void take(quell_plan *plan, const quell_point *t, const quell_point *s,
                 const struct quell_history *history, const double *option)
{
    struct quell_sde step = quell_sde_step(t, s, option[ETA]);
    bool steady = option[STEADY] != 0 && option[FORMULA] == 0;
    double h = quell_lambda(s) - quell_lambda(t), moments[3], weights[3] = {step.integral};
    size_t order = 1;
    if (!quell_sde_singular(t, s)) {
        quell_sde_moments((1 + option[ETA]) * h, 3, moments);
        if (option[FORMULA] != 0) moments[2] /= 2;
        order = quell_sde_weights(history, 3, h, moments, option[ETA], steady, weights);
    }
    quell_sde_multistep(plan, t, s, &step, order, weights, history, option[S_NOISE]);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_sde_walk(plan, grid, steps, 3, take, option);
}

static const struct quell_option options[] = {
    QUELL_SDE_ETA,
    QUELL_SDE_S_NOISE,
    QUELL_CHOICE("formula", 0, "quell|k_diffusion",
                 "whose formula; k-diffusion's is of second order"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(dpmpp_3m_sde) = {{.name = "dpmpp_3m_sde",
                               .summary = "DPM-Solver++(3M) SDE, three-step",
                               .source = "arXiv:2211.01095",
                               .order = 2,
                               .evaluations = 1,
                               .noise = QUELL_STOCHASTIC,
                               .options = options,
                               .build = build},
                              {0}};
