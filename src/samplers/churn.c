/* SPDX-License-Identifier: MIT */
/* The stochasticity of Karras et al. (2206.00364), which euler, heun, dpm2 and heunpp2 share. */
#include "stages.h"
#include "core/schedule.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/maths.h"

quell_point quell_churn(quell_plan *plan, const quell_point *t, const quell_point *s, size_t steps,
                        const double *option)
{
    double s_churn = option[0], s_tmin = option[1], s_tmax = option[2], s_noise = option[3];
    double ratio = t->sigma / t->alpha;
    if (s_tmin > s_tmax)
        quell_plan_refuse(plan, QUELL_BAD_ARGUMENT, "churn: s_tmin must not be above s_tmax");
    double gamma = s_churn / (double)steps, most = sqrt(2) - 1;
    if (gamma > most) gamma = most;
    if (!(gamma > 0 && ratio >= s_tmin && ratio <= s_tmax) || t->alpha == 0) return *t;
    quell_point hat = quell_plan_at_lambda(plan, quell_lambda(t) - quell_log1p(gamma));
    quell_renoise(plan, t, &hat, s_noise, quell_plan_noise(plan, 0, t, s));
    return hat;
}

static bool within(const quell_point *point, double s_tmin, double s_tmax)
{
    double ratio = point->sigma / point->alpha;
    return ratio >= s_tmin && ratio <= s_tmax && point->alpha > 0;
}

/* Whether the window also contains levels of noise beyond the ends of the grid, which is then a
 * piece of a longer way. */
static bool goes_on(const quell_schedule *schedule, const quell_point *first,
                    const quell_point *last, double s_tmin, double s_tmax)
{
    quell_point top, end;
    if (quell_schedule_point(schedule, 1, &top) || quell_schedule_point(schedule, 0, &end))
        return true;
    bool above =
        first->t < 1 && s_tmax > first->sigma / first->alpha && s_tmin <= top.sigma / top.alpha;
    bool below =
        last->t > 0 && s_tmin < last->sigma / last->alpha && s_tmax >= end.sigma / end.alpha;
    return above || below;
}

quell_status quell_noise_window_check(const char *option, const quell_schedule *schedule,
                                      const quell_point *grid, size_t steps, double s_tmin,
                                      double s_tmax)
{
    for (size_t i = 0; i < steps; i++)
        if (within(&grid[i], s_tmin, s_tmax)) return QUELL_OK;
    bool everywhere = s_tmin == 0 && isinf(s_tmax); /* but where alpha is 0 */
    if (everywhere || s_tmin > s_tmax || goes_on(schedule, &grid[0], &grid[steps], s_tmin, s_tmax))
        return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "sampler: %s has no effect: no step begins at a sigma / alpha from s_tmin, %s, "
        "to s_tmax, %s; these go from %g to %g",
        option, QUELL_SAID(s_tmin), QUELL_SAID(s_tmax), grid[0].sigma / grid[0].alpha,
        grid[steps - 1].sigma / grid[steps - 1].alpha);
}

quell_status quell_churn_check(const quell_schedule *schedule, const quell_point *grid,
                               size_t steps, const double *option)
{
    if (option[0] == 0) return QUELL_OK;
    return quell_noise_window_check("s_churn", schedule, grid, steps, option[1], option[2]);
}
