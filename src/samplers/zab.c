/* SPDX-License-Identifier: MIT */
/* Adams-Bashforth on the noise, the linear multistep method (LMS) of k-diffusion, rhoAB of Zhang &
 * Chen, 2204.13902. With y = x / alpha and sigma~ = sigma / alpha,
 *
 *     dy / dsigma~ = eps = E[Z | x],     y_s = y_t + sum_j eps_j integral of l_j(sigma~) dsigma~
 *
 * from sigma~_t to sigma~_s, l_j the Lagrange polynomials of the newest points' sigma~. The nodes
 * are taken from sigma~_t in units of the step: in raw sigma~ the system loses its digits. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"

/* sigma~_s - sigma~_t = sigma~_t expm1(-h), also where sigma_s = 0, and sigma~_j - sigma~_t =
 * sigma~_t expm1(lambda_t - lambda_j). */
void quell_zab_weights(const struct quell_history *history, size_t count, const quell_point *t,
                       const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double h = quell_lambda(s) - quell_lambda(t), nodes[QUELL_MOST_PAST] = {0};
    double step = s->alpha * quell_expm1(-h) * (t->sigma / t->alpha);
    for (size_t j = 0; j < count; j++)
        nodes[j] =
            quell_expm1(quell_lambda(t) - quell_lambda(&history->past[j].at)) / quell_expm1(-h);
    quell_lagrange_weights(count, nodes, quell_adams_moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= step;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_EPS, (size_t)option[0], true, quell_zab_weights,
                                        option,    option[1] != 0};
    quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_alias aliases[] = {{"lms", "zab:order=4"}, {0}};

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and outputs that a step uses"), QUELL_STEADY, {0}};

QUELL_FAMILY(zab) = {{.name = "zab",
                      .summary = "Adams-Bashforth on the noise",
                      .source = "arXiv:2204.13902",
                      .order = 2,
                      .evaluations = 1,
                      .noise = QUELL_DETERMINISTIC,
                      .aliases = aliases,
                      .options = options,
                      .build = build},
                     {0}};
