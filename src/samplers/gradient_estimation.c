/* SPDX-License-Identifier: MIT */
/* Gradient estimation (Permenter & Yuan, 2306.04848, algorithm 3): the noise that was seen last
 * corrects the noise seen now. With y = x / alpha and sigma~ = sigma / alpha,
 *
 *     y_s = y_t + (sigma~_s - sigma~_t) (gamma eps_t + (1 - gamma) eps_{t+1}). */
#include "method.h"
#include "multistep.h"
#include "base/maths.h"

static void weigh(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, const double *option, double *weights)
{
    (void)history, (void)count;
    weights[1] = -s->sigma * quell_expm1(quell_lambda(s) - quell_lambda(t)) * (1 - option[0]);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_EPS, 2, false, weigh, option};
    quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_option options[] = {
    QUELL_NUMBER("gamma", 2, 0, 10, "weight of the present noise; 1 is Euler's step"), {0}};

QUELL_FAMILY(gradient_estimation) = {{.name = "gradient_estimation",
                                      .summary = "the last noise corrects the present one",
                                      .paper = "2306.04848",
                                      .order = 1,
                                      .evaluations = 1,
                                      .noise = QUELL_DETERMINISTIC,
                                      .options = options,
                                      .build = build},
                                     {0}};
