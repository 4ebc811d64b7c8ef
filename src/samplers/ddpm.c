/* SPDX-License-Identifier: MIT */
/* DDPM: denoising diffusion probabilistic models (Ho et al., 2006.11239, algorithm 2), in azula's
 * continuous form:
 *
 *     x_s = alpha_s mu + sigma_s sqrt(1 - tau) (x_t - alpha_t mu) / sigma_t + sqrt(V) eps,
 *     mu = E[X | x_t],  eps ~ N(0, I),  tau = 1 - (alpha_t / alpha_s)^2 (sigma_s / sigma_t)^2.
 *
 * The variance V is the posterior's, V = sigma_s^2 tau (small, the paper's beta~; then this is DDIM
 * with eta = 1, ddim.c, which works the coefficients out), or the forward process's, V = sigma_t^2
 * tau (large, its beta), or between the two, by what the network learned of each element (Nichol &
 * Dhariwal, 2102.09672, eq. 15), learned_range:
 *
 *     log V = v' log(sigma_t^2 tau) + (1 - v') log(sigma_s^2 tau),   v' = (v + 1) / 2. */
#include "method.h"
#include "steady.h"
#include "base/maths.h"

enum { VARIANCE, STEADY };
enum { SMALL, LARGE, LEARNED_RANGE };

/* x = the mean of x_s; the logarithm of sqrt(tau), -infinity where there is no step. */
static double mean(quell_plan *plan, const quell_point *t, const quell_point *s,
                   quell_register_id mu)
{
    double log_rho = quell_lambda(t) - quell_lambda(s);
    QUELL_COMBINE(plan, QUELL_STATE, {s->sigma / t->sigma * quell_exp(log_rho), QUELL_STATE},
                  {-s->alpha * quell_expm1(2 * log_rho), mu});
    return quell_log(-quell_expm1(2 * log_rho)) / 2;
}

static void large(quell_plan *plan, const quell_point *t, const quell_point *s)
{
    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    double log_root = mean(plan, t, s, mu);
    quell_term x = {1, QUELL_STATE};
    quell_noise_term noise = {s->sigma > 0 ? t->sigma * quell_exp(log_root) : 0,
                              quell_plan_noise(plan, 0, t, s)};
    quell_plan_combine(plan, QUELL_STATE, 1, &x, 1, &noise);
    quell_plan_release(plan, mu);
    quell_plan_step(plan, t, s);
}

static void learned(quell_plan *plan, const quell_point *t, const quell_point *s)
{
    quell_register_id v, mu = quell_plan_denoise_variance(plan, QUELL_STATE, t, &v);
    double log_root = mean(plan, t, s, mu);
    if (s->sigma > 0 && isfinite(log_root))
        quell_plan_spread(plan, QUELL_STATE, v, s->log_sigma + log_root, t->log_sigma + log_root,
                          quell_plan_noise(plan, 0, t, s));
    quell_plan_release(plan, v);
    quell_plan_release(plan, mu);
    quell_plan_step(plan, t, s);
}

/* Whether `large` would leave more than 3/2 of the noise of s. */
static bool too_long(const quell_point *t, const quell_point *s)
{
    double log_rho = quell_lambda(t) - quell_lambda(s);
    double fresh = s->sigma > 0 ? t->sigma * sqrt(-quell_expm1(2 * log_rho)) : 0;
    return !quell_steady_noise(s->sigma * quell_exp(log_rho), fresh, s->sigma);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if ((int)option[VARIANCE] == SMALL ||
            ((int)option[VARIANCE] == LARGE && option[STEADY] != 0 && too_long(t, s)))
            quell_ddim_transition(plan, t, s, 1, 0);
        else
            ((int)option[VARIANCE] == LARGE ? large : learned)(plan, t, s);
    }
}

static const struct quell_option options[] = {
    QUELL_CHOICE("variance", SMALL, "small|large|learned_range", "variance of a step's noise"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(ddpm) = {{.name = "ddpm",
                       .summary = "ancestral sampling",
                       .source = "arXiv:2006.11239",
                       .order = 1,
                       .evaluations = 1,
                       .noise = QUELL_STOCHASTIC,
                       .options = options,
                       .build = build},
                      {0}};
