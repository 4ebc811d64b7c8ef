/* SPDX-License-Identifier: MIT */
/* Steps that are too long for their order, and the rule by which they get a lower one.
 *
 * In y = x / alpha the first-order step from t to s, that of ddim, is a mean of y_t and mu_0 = E[X
 * | x_t], however long it is. Every step of a higher order is this one plus differences of other
 * outputs,
 *
 *     y_s = (that of first order) + sum_k w_k (mu_k - mu_0),     S = sum_k |w_k|.
 *
 * Outputs lie among the data, so a step misses by at most S times their spread. In a short step the
 * w_k have the size of the step. In a long one they grow without bound: as e^h,
 * h = lambda_s - lambda_t, where the eps of a later stage is divided by a small sigma (heun:
 * w = (e^h - 1) / 2); and with the ratio of h to the steps before, where a polynomial through past
 * outputs is extrapolated. The rule is
 *
 *     S <= 2^(n - 1) of n past outputs,     S <= 2^n of n later stages.
 *
 * If it does not hold, the step uses one output less, and at last none: the step of first order.
 * (Heun's later stage is at s itself, and there S may be 3/2: heun.c.) With one past output and
 * S <= 1, the extrapolation y_s - y_t = S (y_t - y_q), where mu = y, does not grow. With more
 * outputs, even steps of equal size have twice as much for each. All steps that are short enough
 * keep the rule, so no order changes.
 *
 * With noise, mu_t - mu_q is mostly the noise of the step before. A step adds S times that, the
 * next one S times what this one added, and so on: 1 / (1 - S) of it in all. So the steps of a
 * stochastic multistep method have half of S, at most 1; and the last remaining past output has at
 * most the weight 1/2, so that noise is at most doubled.
 *
 * The weights of data prediction are bounded, and mostly keep the rule however long a step is. But
 * a weight of 2 takes a sample as far beyond mu_1 as mu_1 is from mu_0, outside the data. Such a
 * weight is limited to 5/4, which goes beyond mu_1 by a quarter of that.
 *
 * A method that leaves more noise than its step's end has (ito, ddpm:variance=large) is limited to
 * a multiple of that. If a step would leave more, it has the exponential form, which leaves as much
 * as s has:
 *
 *     (state sigma_t)^2 + noise^2 <= (1.5 sigma_s)^2,     x_s = state x_t + ... + noise z.
 *
 * All of this depends only on the points of the step and of the past outputs. */
#ifndef QUELL_SAMPLERS_STEADY_H
#define QUELL_SAMPLERS_STEADY_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether a step through the newest `count` outputs keeps the rule. weights[j] are the
 * weights of f_j - f_0 in x_s, for j > 0. unit: the factor of mu_j - mu_0 in f_j - f_0, so that
 * w_j = weights[j] unit. */
bool quell_steady_past(size_t count, const double *weights, double unit);

/* The same with noise, for Lagrange weights whose unit is 1. A weight that is limited to 1/2 gives
 * the rest to weights[0], so that the sum stays. */
bool quell_steady_noisy_past(size_t count, double *weights);

/* The same for `count` later stages with the weights w_k; `count` may be 0. */
bool quell_steady_stages(size_t count, const double *weights);

/* Returns a weight of a later stage of data prediction, but no more than 5/4. */
double quell_steady_held(double weight);

/* Returns whether the rest of x_t's noise and the new noise together are at most 1.5 times `noise`,
 * that of s. */
bool quell_steady_noise(double left, double fresh, double noise);

/* The option of every method that has the rule. steady=no is a promise, that no step has a lower
 * order than the method, and not refused where no step would have had one: with order=1, say. */
#define QUELL_STEADY \
    QUELL_YES_NO("steady", 1, "no: the full order however long a step is, as in other codes")

#endif
