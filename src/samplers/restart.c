/* SPDX-License-Identifier: MIT */
/* Restart sampling (Xu et al., 2306.14878, algorithm 1): Heun's method (heun.c), and on the way,
 * `restarts` times, from a point of little noise back up and down again. With y = x / alpha and
 * sigma~ = sigma / alpha, at the first point of the grid with sigma~ <= s_tmin, `low`:
 *
 *     y_high = y_low + s_noise sqrt(s_tmax^2 - sigma~_low^2) eps_k,   eps_k ~ N(0, I),
 *
 * then `inner` steps of Heun's method from s_tmax to low, along
 *
 *     sigma~_j = (s_tmax^(1/7) + (j / inner) (sigma~_low^(1/7) - s_tmax^(1/7)))^7.
 *
 * The way up forgets errors that the way down then does not repeat; the law at `low` stays. Where
 * the grid jumps from above s_tmin to sigma = 0, the step stops at s_tmin on its way, or, if the
 * schedule ends above s_tmin, restarts before that step. The way up ends at the schedule's largest
 * sigma~ at the latest: the model knows no more noise. A grid that begins below s_tmin, ends above
 * it, or whose `low` is not below s_tmax, has no restart.
 *
 * Each restart k has the noise slot k of its transition (the Brownian path k in Brownian mode) to
 * itself, so that there are at most 8. The restarts belong to that transition. The inner steps stay
 * as they are when the grid is refined: their error remains. */
#include "stages.h"
#include "base/maths.h"

enum { S_TMIN, S_TMAX, INNER, RESTARTS, S_NOISE, STEADY };
#define RHO 7.0

/* Returns the point at the fraction `done` of the way from high to low. */
static quell_point between(quell_plan *plan, const quell_point *high, const quell_point *low,
                           double done)
{
    double from = -quell_lambda(high) / RHO, to = -quell_lambda(low) / RHO;
    double root = quell_exp(from) * (1 + done * quell_expm1(to - from));
    return quell_plan_at_lambda(plan, -RHO * quell_log(root));
}

static void again(quell_plan *plan, const quell_point *high, const quell_point *low, unsigned k,
                  const double *option)
{
    quell_renoise(plan, low, high, option[S_NOISE], quell_plan_noise(plan, k, high, low));
    quell_point t = *high;
    size_t inner = (size_t)option[INNER];
    for (size_t j = 1; j <= inner; j++) {
        quell_point s = *low;
        if (j < inner) s = between(plan, high, low, (double)j / (double)inner);
        quell_heun(plan, &t, &s, option[STEADY] != 0);
        t = s;
    }
}

static void restart(quell_plan *plan, const quell_point *low, const double *option)
{
    double lambda = -quell_log(option[S_TMAX]);
    if (!(lambda < quell_lambda(low))) return;
    quell_point high = quell_plan_at(plan, 1);
    if (lambda > quell_lambda(&high)) high = quell_plan_at_lambda(plan, lambda);
    for (unsigned k = 0; k < (unsigned)option[RESTARTS]; k++) again(plan, &high, low, k, option);
}

/* Returns the point of the restarts in a transition from t to s over s_tmin = exp(-target). */
static quell_point landing(quell_plan *plan, const quell_point *t, const quell_point *s,
                           double target)
{
    if (s->sigma > 0) return *s;
    quell_point end = quell_plan_at(plan, 0);
    return quell_lambda(&end) >= target ? quell_plan_at_lambda(plan, target) : *t;
}

static void crossing(quell_plan *plan, const quell_point *t, const quell_point *s,
                     const double *option)
{
    quell_point low = landing(plan, t, s, -quell_log(option[S_TMIN]));
    if (quell_lambda(&low) > quell_lambda(t)) quell_heun(plan, t, &low, option[STEADY] != 0);
    restart(plan, &low, option);
    if (s->sigma == 0) quell_heun(plan, &low, s, option[STEADY] != 0);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    if (!(option[S_TMIN] < option[S_TMAX]))
        quell_plan_refuse(plan, QUELL_BAD_ARGUMENT, "restart: s_tmin must be below s_tmax");
    double target = -quell_log(option[S_TMIN]);
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (quell_lambda(t) < target && quell_lambda(s) >= target)
            crossing(plan, t, s, option);
        else
            quell_heun(plan, t, s, option[STEADY] != 0);
        quell_plan_step(plan, t, s);
    }
}

static const struct quell_option options[] = {
    QUELL_NUMBER_NEEDS("restarts", "s_tmin", 0.1, 1e-6, 1e6, "sigma / alpha where restarts begin"),
    QUELL_NUMBER_NEEDS("restarts", "s_tmax", 2, 1e-6, 1e6, "sigma / alpha up to which restarts go"),
    QUELL_WHOLE_NEEDS("restarts", "inner", 9, 1, 1000, "number of steps of each way down"),
    QUELL_WHOLE("restarts", 1, 0, 8, "number of restarts"),
    QUELL_NUMBER_NEEDS("restarts", "s_noise", 1, 0, 1e6, "factor on all noise that steps add"),
    QUELL_STEADY,
    {0}};

QUELL_FAMILY(restart) = {{.name = "restart",
                          .summary = "Heun's method with noise again on the way",
                          .source = "arXiv:2306.14878",
                          .order = 2,
                          .evaluations = 2,
                          .noise = QUELL_STOCHASTIC,
                          .options = options,
                          .build = build},
                         {0}};
