/* SPDX-License-Identifier: MIT */
/* Exponential Adams-Bashforth on the noise: DPM-Solver, multistep (Lu et al., 2206.00927, eq. 3.4),
 * and DEIS, tAB (Zhang & Chen, 2204.13902, eq. 15). With y = x / alpha,
 *
 *     y_s = y_t - integral of exp(-lambda) eps dlambda,
 *     x_s = (alpha_s / alpha_t) x_t - sigma_s h sum_j eps_j integral of exp(h (1 - v)) l_j(v) dv
 *
 * over v = (lambda - lambda_t) / h in [0, 1], l_j the Lagrange polynomials of the newest points;
 * the integral of exp(h (1 - v)) v^k is k! phi_{k+1}(h). */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/phi.h"

static void weigh(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double h = quell_lambda(s) - quell_lambda(t), moments[QUELL_MOST_PAST] = {0}, factorial = 1;
    for (unsigned k = 0; k < count; k++) {
        moments[k] = factorial * quell_phi(k + 1, h);
        factorial *= k + 1;
    }
    quell_history_weights(history, count, h, moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= -s->sigma * h;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_EPS, (size_t)option[0], false, weigh,
                                        option,    option[1] != 0};
    quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_alias aliases[] = {
    {"dpmsolver", "zeab:order=2"}, {"deis", "zeab:order=3"}, {0}};

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and outputs that a step uses"), QUELL_STEADY, {0}};

QUELL_FAMILY(zeab) = {{.name = "zeab",
                       .summary = "exponential Adams-Bashforth on the noise: DPM-Solver, DEIS",
                       .source = "arXiv:2206.00927",
                       .order = 2,
                       .evaluations = 1,
                       .noise = QUELL_DETERMINISTIC,
                       .aliases = aliases,
                       .options = options,
                       .build = build},
                      {0}};
