/* SPDX-License-Identifier: MIT */
/* DPM-Solver++(2M) SDE (Lu et al., 2211.01095, appendix B, as in k-diffusion): the SDE of rate eta
 * (sde.h) with mu linear in lambda, through its values at t and at the point q before it:
 *
 *     x_s = (sigma_s / sigma_t) exp(-eta h) x_t + alpha_s (1 - exp(-z)) mu_t
 *         + alpha_s c (mu_t - mu_q) h / (lambda_t - lambda_q)
 *         + sigma_s sqrt(1 - exp(-2 eta h)) eps,
 *
 * z = (1 + eta) h, with c = z phi_2(-z), the exact integral (heun), or c = (1 - exp(-z)) / 2, the
 * slope halfway (midpoint). The first step has no slope. eta = 0 is DPM-Solver++(2M). */
#include "sde.h"
#include "steady.h"

enum { ETA, S_NOISE, SOLVER, STEADY };
enum { MIDPOINT, HEUN };

static void take(quell_plan *plan, const quell_point *t, const quell_point *s,
                 const struct quell_history *history, const double *option)
{
    struct quell_sde step = quell_sde_step(t, s, option[ETA]);
    bool steady = option[STEADY] != 0;
    double h = quell_lambda(s) - quell_lambda(t), moments[2], weights[2] = {step.integral};
    size_t order = 1;
    if (!quell_sde_singular(t, s)) {
        quell_sde_moments((1 + option[ETA]) * h, 2, moments);
        if ((int)option[SOLVER] == MIDPOINT) moments[1] = step.integral / 2;
        order = quell_sde_weights(history, 2, h, moments, option[ETA], steady, weights);
    }
    quell_sde_multistep(plan, t, s, &step, order, weights, history, option[S_NOISE]);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    quell_sde_walk(plan, grid, steps, 2, take, option);
}

static const struct quell_option options[] = {
    QUELL_SDE_ETA,
    QUELL_SDE_S_NOISE,
    QUELL_CHOICE("solver", MIDPOINT, "midpoint|heun", "how the integral over mu is computed"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(dpmpp_2m_sde) = {{.name = "dpmpp_2m_sde",
                               .summary = "DPM-Solver++(2M) SDE, two-step",
                               .source = "arXiv:2211.01095",
                               .order = 2,
                               .evaluations = 1,
                               .noise = QUELL_STOCHASTIC,
                               .options = options,
                               .build = build},
                              {0}};
