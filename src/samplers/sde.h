/* SPDX-License-Identifier: MIT */
/* What stochastic solvers share. For any rate r >= 0 the SDE
 *
 *     x_s = (sigma_s / sigma_t) exp(-r h) x_t
 *         + alpha_s integral of (1 + r) exp(-(1 + r) (lambda_s - lambda)) mu_lambda
 *         + sigma_s sqrt(1 - exp(-2 r h)) eps,    h = lambda_s - lambda_t,
 *
 * lambda from lambda_t to lambda_s, has the marginal laws of the diffusion (Lu et al., 2211.01095,
 * appendix; Xue et al., 2309.05019, eq. 9, where r = tau^2): r = 0 is the probability flow and
 * r = 1 the reversed diffusion. A solver replaces mu = E[X | x] by a combination of values that it
 * knows. In what follows z = (1 + r) h, and past values have weights for the integral alone. */
#ifndef QUELL_SAMPLERS_SDE_H
#define QUELL_SAMPLERS_SDE_H

#include "method.h"
#include "multistep.h"

/* A step of the linear part of the SDE: the factor of x, the whole integral, and the noise. */
struct quell_sde {
    double state;    /* (sigma_s / sigma_t) exp(-r h) */
    double integral; /* 1 - exp(-z), for mu = 1 */
    double noise;    /* sigma_s sqrt(1 - exp(-2 r h)) */
};

/* Computes it for any two points: h may be 0, or infinite if alpha_t = 0 or sigma_s = 0. */
struct quell_sde quell_sde_step(const quell_point *t, const quell_point *s, double rate);

/* moments[k] = integral of z exp(-z (1 - v)) v^k over v in [0, 1] = z k! phi_{k+1}(-z). */
void quell_sde_moments(double z, size_t count, double *moments);

/* Returns 1 if one of the points is singular (alpha_t = 0, sigma_s = 0), so that only a step of
 * first order is defined. */
int quell_sde_singular(const quell_point *t, const quell_point *s);

/* Computes the weights of the polynomial through the newest outputs over a step of h, from the
 * moments of its powers. It uses `most` outputs, or fewer if the rule of long steps says so
 * (steady.h), which also depends on the rate. Returns how many; with one output weights[0] is the
 * whole integral. */
size_t quell_sde_weights(const struct quell_history *history, size_t most, double h,
                         const double *moments, double rate, bool steady, double *weights);

/* x = state x + alpha_s sum_j weights[j] past[j] + s_noise noise eps, the step's end included. */
void quell_sde_multistep(quell_plan *plan, const quell_point *t, const quell_point *s,
                         const struct quell_sde *step, size_t count, const double *weights,
                         const struct quell_history *history, double s_noise);

/* A multistep method with at most `most` values: `take` goes from t to s with mu_t in past[0], the
 * step's end included. */
void quell_sde_walk(quell_plan *plan, const quell_point *grid, size_t steps, size_t most,
                    void (*take)(quell_plan *plan, const quell_point *t, const quell_point *s,
                                 const struct quell_history *history, const double *option),
                    const double *option);

/* Every method's options. */
#define QUELL_SDE_ETA QUELL_NUMBER("eta", 1, 0, 1e6, "stochasticity: 0 deterministic, 1 the SDE's")
#define QUELL_SDE_S_NOISE \
    QUELL_NUMBER_NEEDS("eta", "s_noise", 1, 0, 1e6, "factor on all noise that steps add")

#endif
