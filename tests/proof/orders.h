/* SPDX-License-Identifier: MIT */
/* Observed orders of convergence, in double, on problems with known solutions:
 *
 * - a Gaussian with variances from 1e-4 to 1e2, whose probability flow multiplies each coordinate
 * by sqrt((alpha_0^2 v + sigma_0^2) / (alpha_1^2 v + sigma_1^2)); for stochastic samplers the mean
 *   and the variance of x_0, computed from the plan's coefficients without drawing anything;
 *   in Brownian mode, x_0 against that of a far finer grid with the same path;
 * - a mixture in one dimension, whose flow keeps the distribution function: F_0(x_0) = F_1(x_1).
 *
 * Grids are graded: lambda = lambda_1 + (lambda_0 - lambda_1) tau^2, tau = i / T. So the first
 * steps, which multistep methods take with a lower order, are of size T^-2 and do not hide the
 * order of the others. */
#ifndef QUELL_TESTS_ORDERS_H
#define QUELL_TESTS_ORDERS_H

#include <stddef.h>
#include "core/plan.h"

enum { ORDER_LENGTHS = 6, ORDER_FIRST = 16 }; /* T = 16, 32, ..., 512 */

enum order_kind { ORDER_PATH, ORDER_WEAK, ORDER_STRONG };

/* claimed: the order of the solution (PATH), the law (WEAK), or the solution with the same Brownian
 * path (STRONG). note: on the claim, or NULL. */
struct order_case {
    const char *spec;
    double claimed;
    enum order_kind kind;
    const char *note;
};

/* The last row is {0}. */
extern const struct order_case order_cases[];

/* Returns the order that the first row of this spec claims; NaN if there is none. */
double order_claimed(const char *spec);

/* error[k]: the relative error at T = ORDER_FIRST 2^k. evaluations: those of a step, at the largest
 * T. */
struct order_found {
    double error[ORDER_LENGTHS];
    double evaluations;
};

struct order_found order_gaussian(const struct order_case *of);
struct order_found order_mixture(const struct order_case *of);

/* Returns the root mean square over `samples` samples (at most 40) and coordinates of x_0 - x_0',
 * on the Gaussian, where x_0' is that of the same sampler at T = `fine`. */
struct order_found order_strong(const struct order_case *of, size_t samples, size_t fine);

/* Returns log2(error[k - 1] / error[k]), or NaN where rounding hides it. */
double order_between(const struct order_found *found, size_t k);

/* Returns the observed order at the largest T where rounding does not hide it, or NaN if it does
 * everywhere. */
double order_observed(const struct order_found *found);

/* Returns the mean order over the last three doublings, for errors that are measured on samples. */
double order_observed_strong(const struct order_found *found);

/* The mean and the variance of x_0 that a plan makes of x_1 ~ N(mean, variance) in one dimension,
 * for the model N(m, v). */
void order_law(const struct quell_plan *plan, double m, double v, double *mean, double *variance);

#endif
