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
 * it, or whose `low` is not below s_tmax, has no restart. An s_tmin that is not given is 0.1 or, on
 * a schedule that ends above that, where the schedule ends.
 *
 * Each restart k has the noise slot k of its transition (the Brownian path k in Brownian mode) to
 * itself, so that there are at most 8. The restarts belong to that transition. The inner steps stay
 * as they are when the grid is refined: their error remains. */
#include "stages.h"
#include "core/plan.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/maths.h"

enum { S_TMIN, S_TMAX, INNER, RESTARTS, S_NOISE, STEADY };
enum { MOST_INNER = 1000 };
#define RHO 7.0
#define LEAST 0.1 /* the default of s_tmin */

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

/* Whether restarts from `low` go up at all; *high: how far. */
static bool goes_up(quell_plan *plan, const quell_point *low, const double *option,
                    quell_point *high)
{
    double lambda = -quell_log(option[S_TMAX]);
    if (!(lambda < quell_lambda(low))) return false;
    *high = quell_plan_at(plan, 1);
    if (lambda > quell_lambda(high)) *high = quell_plan_at_lambda(plan, lambda);
    return true;
}

static void restart(quell_plan *plan, const quell_point *low, const double *option)
{
    quell_point high;
    if (!goes_up(plan, low, option, &high)) return;
    for (unsigned k = 0; k < (unsigned)option[RESTARTS]; k++) again(plan, &high, low, k, option);
}

/* Returns the lambda where restarts begin. */
static double beginning(quell_plan *plan, double s_tmin)
{
    double target = -quell_log(s_tmin);
    quell_point end = quell_plan_at(plan, 0);
    return s_tmin == LEAST ? fmin(target, quell_lambda(&end)) : target;
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
    quell_point low = landing(plan, t, s, beginning(plan, option[S_TMIN]));
    if (quell_lambda(&low) > quell_lambda(t)) quell_heun(plan, t, &low, option[STEADY] != 0);
    restart(plan, &low, option);
    if (s->sigma == 0) quell_heun(plan, &low, s, option[STEADY] != 0);
}

static bool crosses(const quell_point *t, const quell_point *s, double target)
{
    return quell_lambda(t) < target && quell_lambda(s) >= target;
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    if (!(option[S_TMIN] < option[S_TMAX]))
        quell_plan_refuse(plan, QUELL_BAD_ARGUMENT, "restart: s_tmin must be below s_tmax");
    double target = beginning(plan, option[S_TMIN]);
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        if (crosses(t, s, target))
            crossing(plan, t, s, option);
        else
            quell_heun(plan, t, s, option[STEADY] != 0);
        quell_plan_step(plan, t, s);
    }
}

/* Heun's step (heun.c) from sigma~ = t to s for the law N(0, variance), whose E[X | y] = g(sigma~)
 * y: the factor of y. */
static double factor(double t, double s, double variance, bool steady)
{
    double weight = (t / s - 1) / 2;
    double g_t = variance / (variance + t * t), g_s = variance / (variance + s * s);
    double first = g_t + s / t * (1 - g_t);
    return steady && weight > 1.5 ? first : first + weight * (g_s * first - g_t);
}

/* A way down from the sigma~ `high` to `low`, in steps of its own or, without, along a grid. */
struct way {
    double high, low;
    size_t steps;
    const quell_point *grid;
    bool steady;
};

static double level(const quell_point *point) { return quell_exp(-quell_lambda(point)); }

static double level_after(const struct way *way, size_t j)
{
    if (!way->steps) return level(&way->grid[j]);
    double from = quell_log(way->high) / RHO, fall = quell_log(way->low) / RHO - from;
    double done = (double)j / (double)way->steps;
    return quell_exp(RHO * (from + quell_log(1 + done * quell_expm1(fall))));
}

/* How far the standard deviation at `low` is from the right one, of 1, for N(0, variance). */
static double error_of(const struct way *way, double variance)
{
    double times = 1, at = way->high;
    for (size_t j = 1; at > way->low * (1 + 1e-9); j++) {
        double next = fmax(way->low, level_after(way, j));
        if (next >= at) continue;
        times *= factor(at, next, variance, way->steady);
        at = next;
    }
    double high = variance + way->high * way->high, low = variance + way->low * way->low;
    return fabs(fabs(times) * sqrt(high / low) - 1);
}

/* The largest error of those that are more than a quarter, and worse than on the grid's own way; 0:
 * none. */
static double worst_of(const struct way *way)
{
    struct way own = *way;
    double worst = 0;
    own.steps = 0;
    for (double size = way->low / 2; size <= 2 * way->high; size *= 1.5) {
        double found = error_of(way, size * size);
        if (found > fmax(0.25, worst) && found > 1.2 * error_of(&own, size * size)) worst = found;
    }
    return worst;
}

static quell_status check_way(const quell_point *grid, const quell_point *high,
                              const quell_point *low, const double *option)
{
    struct way way = {level(high), level(low), (size_t)option[INNER], grid, option[STEADY] != 0};
    double worst = worst_of(&way);
    if (worst == 0) return QUELL_OK;
    while (way.steps < MOST_INNER && worst_of(&way) > 0) way.steps++;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "restart: with inner=%d, from s_tmax, sigma / alpha = %.3g, down to %.3g, a "
                      "deviation comes out wrong by up to %.0f%%; take inner=%zu%s",
                      (int)option[INNER], way.high, way.low, 100 * worst, way.steps,
                      way.steps < MOST_INNER ? "" : " and a lower s_tmax");
}

/* Refuses an s_tmin of the caller's at which there is no restart, if the grid is the whole way. */
static quell_status check_none(const quell_schedule *schedule, const quell_point *grid,
                               size_t steps, double s_tmin)
{
    if (s_tmin == LEAST || !quell_noise_window_check("", schedule, grid, steps, s_tmin, s_tmin))
        return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "restart: s_tmin is %s, but sigma / alpha goes from %g to %g, so that there is "
        "no restart; must be between",
        QUELL_SAID(s_tmin), level(&grid[0]), level(&grid[steps]));
}

static quell_status check(const quell_schedule *schedule, const quell_point *grid, size_t steps,
                          const double *option)
{
    quell_plan plan = quell_plan_begin(schedule);
    double target = beginning(&plan, option[S_TMIN]);
    quell_point low, high;
    size_t i = 0;
    while (i < steps && !crosses(&grid[i], &grid[i + 1], target)) i++;
    if (option[RESTARTS] == 0) return QUELL_OK;
    if (i == steps) return check_none(schedule, grid, steps, option[S_TMIN]);
    low = landing(&plan, &grid[i], &grid[i + 1], target);
    bool goes = goes_up(&plan, &low, option, &high);
    quell_status status = plan.status;
    if (!status && goes) status = check_way(grid, &high, &low, option);
    quell_plan_free(&plan);
    return status;
}

static const struct quell_option options[] = {
    QUELL_NUMBER_NEEDS("restarts", "s_tmin", LEAST, 1e-6, 1e6,
                       "sigma / alpha where restarts begin"),
    QUELL_NUMBER_NEEDS("restarts", "s_tmax", 2, 1e-6, 1e6, "sigma / alpha up to which restarts go"),
    QUELL_WHOLE_NEEDS("restarts", "inner", 9, 1, MOST_INNER, "number of steps of each way down"),
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
                          .build = build,
                          .check = check},
                         {0}};
