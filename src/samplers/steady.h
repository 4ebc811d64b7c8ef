/* SPDX-License-Identifier: MIT */
/* Steps that are too long for their order, and the rule by which they are taken with a lower one.
 *
 * In y = x / alpha the first-order step from t to s, ddim's, is a mean of y_t and mu_0 = E[X |
 * x_t], however long it is. Every step of a higher order is that one and differences of other
 * outputs,
 *
 *     y_s = (that of first order) + sum_k w_k (mu_k - mu_0),     S = sum_k |w_k|.
 *
 * Outputs lie among the data, so that a step misses by S times their spread at most. In a short
 * step the w_k are of its size. In a long one they grow without bound: as e^h, h = lambda_s -
 * lambda_t, where the eps of a later stage is divided by a small sigma (heun: w = (e^h - 1) / 2),
 * and with the ratio of h to the steps before, where a polynomial through past outputs is
 * extrapolated. The rule is
 *
 *     S <= 2^(n - 1) of n past outputs,     S <= 2^n of n later stages,
 *
 * else one output less; at last none, the step of first order. (Heun's later stage is at s itself,
 * and S may be 3/2: heun.c.) With one past output S <= 1 is where
 * y_s - y_t = S (y_t - y_q), what extrapolation does where mu = y, ceases to grow; with more
 * outputs even steps have twice as much for each. Of short enough steps all are within the rule: no
 * order changes.
 *
 * With noise, mu_t - mu_q is for the most part the noise of the step before. A step adds S times
 * that, the next S times what this one added, and so on: 1 / (1 - S) of it altogether. So the steps
 * of a stochastic multistep method have half of S, 1 at most, and one past output, which remains at
 * last, has the weight 1/2 where its own is greater, so that noise is doubled at most.
 *
 * The weights of data prediction are bounded, mostly within the rule however long a step is. But
 * one of 2 takes a sample as far beyond mu_1 as that is from mu_0, outside of the data. Such a
 * weight is held at 5/4, which goes beyond mu_1 by a quarter of that.
 *
 * A method that leaves more noise than its step's end has (ito, ddpm:variance=large) is held to a
 * multiple of that, else the step is of the exponential form, which leaves as much as s has:
 *
 *     (state sigma_t)^2 + noise^2 <= (1.5 sigma_s)^2,     x_s = state x_t + ... + noise z.
 *
 * All of it depends on the points of the step, and of the past outputs, alone. */
#ifndef QUELL_SAMPLERS_STEADY_H
#define QUELL_SAMPLERS_STEADY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a step through the newest `count` outputs is within the rule: weights[j], of f_j - f_0
 * for j > 0, in x_s; unit: what mu_j - mu_0 has in these, so that w_j = weights[j] unit. */
bool quell_steady_past(size_t count, const double *weights, double unit);

/* The same with noise, of Lagrange weights whose unit is 1: what is held at 1/2 goes from
 * weights[1] to weights[0], so that the sum stays. */
bool quell_steady_noisy_past(size_t count, double *weights);

/* The same of `count` later stages with the weights w_k, of which 0 counts too. */
bool quell_steady_stages(size_t count, const double *weights);

/* A weight of a later stage of data prediction, no more than 5/4. */
double quell_steady_held(double weight);

/* Whether what is left of x_t's noise and the fresh noise together are no more than 1.5 times
 * `noise`, that of s. */
bool quell_steady_noise(double left, double fresh, double noise);

/* The option of every method that has the rule. */
#define QUELL_STEADY \
    QUELL_YES_NO("steady", 1, "no: the whole order however long a step is, as other codes do")

#endif
