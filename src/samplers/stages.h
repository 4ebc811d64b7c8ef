/* SPDX-License-Identifier: MIT */
/* Stages of methods that take one step at a time: Runge-Kutta in (x / alpha, sigma / alpha).
 *
 * There y = x / alpha moves along dy / dsigma~ = eps = (y - mu) / sigma~, sigma~ = sigma / alpha,
 * and the step with a constant eps is DDIM's. A stage that ends at the point s is, for every method
 * here, that step and differences of later outputs mu_k to the first,
 *
 *     x_s = (sigma_s / sigma_t) x_t - alpha_s expm1(-h) mu_0 + alpha_s sum_k w_k (mu_k - mu_0),
 *     h = lambda_s - lambda_t,
 *
 * whether the paper writes it with eps or with mu: when the stage at s holds such an x_s,
 *
 *     eps_s = (x_s - alpha_s mu_s) / sigma_s
 *           = eps_0 + e^lambda_s (sum_k w_k (mu_k - mu_0) - (mu_s - mu_0)),
 *
 * so that nothing is divided by a small sigma, and no two large multiples of x cancel. Where h is
 * large, weights w_k are too, and what mu_k and x_k were rounded by would come with them. So at a
 * point with sigma < alpha a stage asks for mu_k - x_k / alpha_k = -(sigma_k / alpha_k) eps_k,
 * which the denoiser has to all digits and which is small where w_k is large, and
 *
 *     mu_k - mu_0 = (mu_k - x_k / alpha_k) + e^(lambda_t - lambda_k) (x_t / alpha_t - mu_0)
 *                   + sum_j w_kj (mu_j - mu_0),
 *
 * with the w_kj of the stage that x_k is of. At alpha_t = 0 and at sigma_s = 0, h is infinite, and
 * only the first two terms are used. */
#ifndef QUELL_SAMPLERS_STAGES_H
#define QUELL_SAMPLERS_STAGES_H

#include "method.h"
#include "steady.h"

/* A stage from the state x_t in QUELL_STATE to s. mu: E[X | x_t]. later: {w_k, mu_k}, or {0} for
 * none. noise: added to x_s, or {0} for none. */
struct quell_stage {
    const quell_point *t, *s;
    quell_register_id mu;
    quell_term later[2];
    quell_noise_term noise;
};

/* out = the x_s of the stage. */
void quell_stage(quell_plan *plan, quell_register_id out, const struct quell_stage *stage);

#define QUELL_STAGE(plan, out, ...) quell_stage(plan, out, &(const struct quell_stage){__VA_ARGS__})

/* E[X | x_s] for the x_s of the stage, in a fresh register, as `later` of other stages from the
 * same x_t: where sigma_s < alpha_s it has E[X | x_s] - x_s / alpha_s, and the plan knows. */
quell_register_id quell_stage_denoise(quell_plan *plan, const struct quell_stage *stage);

#define QUELL_STAGE_DENOISE(plan, ...) \
    quell_stage_denoise(plan, &(const struct quell_stage){__VA_ARGS__})

/* h = lambda_s - lambda_t where more than one stage makes sense; 0 where only the first-order step
 * does: alpha_t = 0, sigma_s = 0, or no step at all. */
double quell_step_size(const quell_point *t, const quell_point *s);

/* The point a part of the way from t to s in lambda; the step between them is finite. */
quell_point quell_point_between(quell_plan *plan, const quell_point *t, const quell_point *s,
                                double part);

/* Noise again, from `low` up to `high`, the law of the forward process:
 *
 *     x_high = (alpha_high / alpha_low) x_low + size sqrt(sigma_high^2
 *              - (alpha_high / alpha_low)^2 sigma_low^2) noise. */
void quell_renoise(quell_plan *plan, const quell_point *low, const quell_point *high, double size,
                   uint32_t stream);

/* One step of Heun's method (heun.c) in QUELL_STATE, without quell_plan_step. */
void quell_heun(quell_plan *plan, const quell_point *t, const quell_point *s, bool steady);

/* The second-order exponential step of the midpoint at `part`, of the two methods that differ in
 * `weight` alone (of mu_mid - mu_t), with noise. */
struct quell_midpoint {
    double part;
    double (*weight)(double h, double part);
    bool steady;
    quell_noise_term noise;
    bool held; /* the weight, where it is steady, by quell_steady_held */
};
void quell_midpoint(quell_plan *plan, const quell_point *t, const quell_point *s,
                    struct quell_midpoint rule);

/* DPM-Solver-2, with eps, and DPM-Solver++(2S), with mu (dpm_single.c). */
double quell_dpm_weight(double h, double part);
double quell_dpmpp_weight(double h, double part);

/* DPM-Solver-3 over h (dpm_single.c): the weight of mu_1 - mu at r2 = 2/3, and those of mu_1 - mu
 * and mu_2 - mu at the end. */
struct quell_dpm3 {
    double middle, last1, last2;
};
struct quell_dpm3 quell_dpm3_weights(double h);

/* Churn (Karras et al., 2206.00364, algorithm 2): noise before the model is called, from the grid's
 * point t, the start of a transition t -> s of `steps`, up to
 *
 *     sigma~_hat = (1 + gamma) sigma~_t,   sigma~ = sigma / alpha,
 *     gamma = min(s_churn / steps, sqrt 2 - 1) if s_tmin <= sigma~_t <= s_tmax, else 0.
 *
 * Returns the point that the state then has. `option` holds the four options, from s_churn on. */
quell_point quell_churn(quell_plan *plan, const quell_point *t, const quell_point *s, size_t steps,
                        const double *option);

/* Refuses an option that acts at the starts of steps with s_tmin <= sigma~ <= s_tmax, if there are
 * none: on the grid, or, if it is a piece of a way, beyond its ends either. */
quell_status quell_noise_window_check(const char *option, const quell_schedule *schedule,
                                      const quell_point *grid, size_t steps, double s_tmin,
                                      double s_tmax);

/* The same for the options of churn. */
quell_status quell_churn_check(const quell_schedule *schedule, const quell_point *grid,
                               size_t steps, const double *option);

#define QUELL_CHURN_OPTIONS 4
#define QUELL_CHURN                                                                    \
    QUELL_NUMBER("s_churn", 0, 0, 1e6,                                                 \
                 "noise added before evaluations, in all steps together; 0: none"),    \
        QUELL_NUMBER_NEEDS("s_churn", "s_tmin", 0, 0, (double)INFINITY,                \
                           "lower bound on sigma / alpha for churn"),                  \
        QUELL_NUMBER_NEEDS("s_churn", "s_tmax", (double)INFINITY, 0, (double)INFINITY, \
                           "upper bound on sigma / alpha for churn"),                  \
        QUELL_NUMBER_NEEDS("s_churn", "s_noise", 1, 0, 1e6, "factor on all noise that steps add")

/* eta and s_noise of ancestral steps. */
#define QUELL_ANCESTRAL                                                     \
    QUELL_NUMBER("eta", 1, 0, 1, "stochasticity: 0 deterministic, 1 full"), \
        QUELL_NUMBER_NEEDS("eta", "s_noise", 1, 0, 1e6, "factor on all noise that steps add")

#endif
