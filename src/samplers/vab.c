/* SPDX-License-Identifier: MIT */
/* Adams-Bashforth on the velocity (azula). Scaled to straight paths, with u = sigma / (alpha +
 * sigma) and w = x / (alpha + sigma),
 *
 *     dw / du = v = E[Z | x] - E[X | x],     w_s = w_t + sum_j v_j integral of l_j(u) du
 *
 * from u_t to u_s, l_j the Lagrange polynomials of the newest points' u. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"

/* u_a - u_b = (sigma_a alpha_b - sigma_b alpha_a) / ((alpha_a + sigma_a) (alpha_b + sigma_b)),
 * without the difference. */
static double gap(const quell_point *a, const quell_point *b)
{
    double rise = quell_expm1(quell_lambda(b) - quell_lambda(a));
    return b->sigma * a->alpha * rise / ((a->alpha + a->sigma) * (b->alpha + b->sigma));
}

static void weigh(const struct quell_history *history, size_t count, const quell_point *t,
                  const quell_point *s, const double *option, double *weights)
{
    (void)option;
    double step = gap(s, t), nodes[QUELL_MOST_PAST] = {0};
    for (size_t j = 0; j < count; j++) nodes[j] = gap(&history->past[j].at, t) / step;
    quell_lagrange_weights(count, nodes, quell_adams_moments, weights);
    for (size_t j = 0; j < count; j++) weights[j] *= (s->alpha + s->sigma) * step;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_slope_method method = {QUELL_VELOCITY, (size_t)option[0], true, weigh,
                                        option,         option[1] != 0};
    quell_slope_multistep(plan, grid, steps, &method);
}

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and outputs that a step uses"), QUELL_STEADY, {0}};

QUELL_FAMILY(vab) = {{.name = "vab",
                      .summary = "Adams-Bashforth on the velocity",
                      .source = "azula",
                      .order = 2,
                      .evaluations = 1,
                      .noise = QUELL_DETERMINISTIC,
                      .options = options,
                      .build = build},
                     {0}};
