/* SPDX-License-Identifier: MIT */
/* Exponential Adams-Bashforth on the data: DPM-Solver++, multistep (Lu et al., 2211.01095, eq. 8
 * and algorithm 2; azula for any order):
 *
 *     x_s = (sigma_s / sigma_t) x_t + alpha_s h sum_j mu_j integral of exp(-h (1 - v)) l_j(v) dv
 *
 * over v = (lambda - lambda_t) / h in [0, 1], l_j the Lagrange polynomials of the newest points;
 * the integral of exp(-h (1 - v)) v^k is k! phi_{k+1}(-h).
 *
 * solver=midpoint is DPM-Solver++(2M), which takes h / 2 phi_1(-h) for the first moment of order 2
 * (of second order too). formula=k_diffusion gives the formulas of k-diffusion and diffusers: this,
 * and at order 3 DPM-Solver++(3M), whose second divided difference lacks a factor of 2, so that its
 * order is 2. */
#include "method.h"
#include "multistep.h"
#include "steady.h"
#include "base/maths.h"
#include "base/phi.h"

enum { ORDER, SOLVER, FORMULA, STEADY };

static void weigh(const struct quell_history *history, size_t count, double h, const double *option,
                  double *weights)
{
    double moments[QUELL_MOST_PAST] = {0}, factorial = 1;
    for (unsigned k = 0; k < count; k++) {
        moments[k] = factorial * quell_phi(k + 1, -h);
        factorial *= k + 1;
    }
    if (option[ORDER] == 2 && (option[FORMULA] != 0 || option[SOLVER] != 0))
        moments[1] = moments[0] / 2;
    if (option[FORMULA] != 0 && option[ORDER] == 3) moments[2] /= 2;
    quell_history_weights(history, count, h, moments, weights);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    struct quell_history history = {0};
    size_t most = (size_t)option[ORDER];
    bool steady = option[STEADY] != 0 && option[FORMULA] == 0;
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_plain_step(plan, t, s)) continue;
        quell_history_trim(plan, &history, most - 1);
        quell_history_push(plan, &history, most, quell_plan_denoise(plan, QUELL_STATE, t), t);
        double h = quell_lambda(s) - quell_lambda(t), weights[QUELL_MOST_PAST];
        size_t count = quell_history_order(&history, most);
        while (weigh(&history, count, h, option, weights),
               steady && !quell_steady_past(count, weights, h))
            count--;
        for (size_t j = 0; j < count; j++) weights[j] *= s->alpha * h;
        quell_history_step(plan, t, s, s->sigma / t->sigma, count, weights, &history);
    }
    quell_history_trim(plan, &history, 0);
}

static const struct quell_alias aliases[] = {
    {"dpmpp_2m", "xeab:order=2,solver=midpoint"}, {"dpmpp_3m", "xeab:order=3"}, {0}};

static const struct quell_option options[] = {
    QUELL_WHOLE("order", 2, 1, 4, "order, and number of outputs that a step uses"),
    QUELL_CHOICE_NEEDS("order=2,formula=quell", "solver", 0, "heun|midpoint",
                       "at order 2: the exact integral, or DPM-Solver++(2M)'s midpoint rule"),
    QUELL_CHOICE_NEEDS("order=2|3", "formula", 0, "quell|k_diffusion",
                       "whose formula; k_diffusion: the 2M and 3M of k-diffusion and diffusers"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(xeab) = {{.name = "xeab",
                       .summary = "exponential Adams-Bashforth on the data: DPM-Solver++",
                       .source = "arXiv:2211.01095",
                       .order = 2,
                       .evaluations = 1,
                       .noise = QUELL_DETERMINISTIC,
                       .aliases = aliases,
                       .options = options,
                       .build = build},
                      {0}};
