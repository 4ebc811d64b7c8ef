/* SPDX-License-Identifier: MIT */
/* Gradient estimation (Permenter & Yuan, 2306.04848, algorithm 3): the noise that was seen last
 * corrects the noise seen now. With y = x / alpha and sigma~ = sigma / alpha,
 *
 *     y_s = y_t + (sigma~_s - sigma~_t) (gamma eps_t + (1 - gamma) eps_{t+1}).
 *
 * An error e at t becomes (1 - k gamma) e + k (gamma - 1) e', k = 1 - e^-h, e' the one before: it
 * does not grow for gamma <= 1 / 2 + 1 / k, which is the most that a step takes (steady=no:
 * gamma). The law is off by some (gamma - 3/2) h, so that gamma ends at 5. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"

static void weigh(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, const double *option, double *weights)
{
    (void)history, (void)count;
    double h = quell_lambda(s) - quell_lambda(t), gamma = option[0];
    if (option[1] != 0) gamma = fmin(gamma, 0.5 - 1 / quell_expm1(-h));
    weights[1] = -s->sigma * quell_expm1(h) * (1 - gamma);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_EPS, 2, false, weigh, option, false};
    quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_option options[] = {
    QUELL_NUMBER("ge_gamma", 2, 0, 5, "weight of the present noise; 1 is Euler's step"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(gradient_estimation) = {{.name = "gradient_estimation",
                                      .summary = "the last noise corrects the present one",
                                      .source = "arXiv:2306.04848",
                                      .order = 1,
                                      .evaluations = 1,
                                      .noise = QUELL_DETERMINISTIC,
                                      .options = options,
                                      .build = build},
                                     {0}};
