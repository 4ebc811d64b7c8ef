/* SPDX-License-Identifier: MIT */
/* azula's sampler for the Ito SDE of strength eta and temperature tau, the score held over a step:
 *
 *     x_s = (alpha_s / alpha_t) x_t + c (sigma_s / sigma_t - alpha_s / alpha_t) (x_t - alpha_t mu)
 *           + eta alpha_s sqrt(sigma_t^2 / alpha_t^2 - sigma_s^2 / alpha_s^2) eps,
 *     mu = E[X | x_t],   eps ~ N(0, I),   c = (1 + eta^2) / tau.
 *
 * With h = lambda_s - lambda_t the coefficients are c sigma_s / sigma_t + (1 - c) alpha_s / alpha_t
 * and -c alpha_s expm1(-h), and the noise has eta alpha_s (sigma_t / alpha_t) sqrt(-expm1(-2 h)).
 *
 * Where alpha_t = 0 the SDE in this form begins with infinite noise, and where sigma_s = 0 its
 * noise would stay in x_0: there the step is DDIM's, with eta = 0. A step that would leave more
 * than 3/2 of the noise of s (steady.h) holds mu, not the score, and solves the rest exactly,
 *
 *     x_s = (alpha_s / alpha_t) e^(-c h) x_t + alpha_s (1 - e^(-c h)) mu
 *           + eta sigma_s sqrt((1 - e^(-2 (c - 1) h)) / (c - 1)) eps,
 *
 * which is DDIM's for tau = 1. azula goes on with the explicit scheme, which leaves the noise of t:
 * steady=no. */
#include "stages.h"
#include "base/maths.h"
#include "base/phi.h"

enum { ETA, TEMPERATURE, STEADY };

/* x_s = state x_t + mean mu + noise z. */
struct coefficients {
    double state, mean, noise;
};

static struct coefficients explicit(const quell_point *t, const quell_point *s, double eta,
                                    double c)
{
    double fall = quell_lambda(t) - quell_lambda(s), ratio = s->alpha / t->alpha;
    return (struct coefficients){c * (s->sigma / t->sigma) + (1 - c) * ratio,
                                 -c * s->alpha * quell_expm1(fall),
                                 eta * ratio * t->sigma * sqrt(-quell_expm1(2 * fall))};
}

/* With mu held instead of the score: state = (alpha_s / alpha_t) e^(-c h), and the variance of the
 * noise is 2 eta^2 sigma_s^2 times the integral of exp(-2 (c - 1) u) over u from 0 to h. */
static struct coefficients exponential(const quell_point *t, const quell_point *s, double eta,
                                       double c)
{
    double h = quell_lambda(s) - quell_lambda(t);
    return (struct coefficients){s->alpha / t->alpha * quell_exp(-c * h),
                                 -s->alpha * quell_expm1(-c * h),
                                 eta * s->sigma * sqrt(2 * h * quell_phi(1, -2 * (c - 1) * h))};
}

static void step(quell_plan *plan, const quell_point *t, const quell_point *s, double eta, double c,
                 bool steady)
{
    struct coefficients of = explicit(t, s, eta, c);
    double left = of.state * t->sigma;
    bool beyond = -left > s->sigma; /* x_s would overshoot mu by more than the noise of s */
    if (steady && (beyond || !quell_steady_noise(left, of.noise, s->sigma)))
        of = exponential(t, s, eta, c);
    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    quell_term terms[] = {{of.state, QUELL_STATE}, {of.mean, mu}};
    quell_noise_term noise = {of.noise, quell_plan_noise(plan, 0, t, s)};
    quell_plan_combine(plan, QUELL_STATE, 2, terms, 1, &noise);
    quell_plan_release(plan, mu);
    quell_plan_step(plan, t, s);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    double eta = option[ETA], c = (1 + eta * eta) / option[TEMPERATURE];
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (t->alpha == 0 || s->sigma == 0)
            quell_ddim_transition(plan, t, s, 0, 0);
        else
            step(plan, t, s, eta, c, option[STEADY] != 0);
    }
}

static double most_eta(const quell_point *t, const quell_point *s, const double *option)
{
    (void)option;
    return sqrt(quell_most_rate(t, s));
}

static const struct quell_option options[] = {
    QUELL_NUMBER("eta", 1, 0, 1e6, "stochasticity: 0 deterministic"),
    QUELL_NUMBER("temperature", 1, 1e-6, 1e6, "temperature, which divides the score"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(ito) = {{.name = "ito",
                      .summary = "azula's sampler for the Ito SDE",
                      .source = "azula",
                      .order = 1,
                      .evaluations = 1,
                      .noise = QUELL_STOCHASTIC,
                      .options = options,
                      .build = build,
                      .most_eta = most_eta},
                     {0}};
