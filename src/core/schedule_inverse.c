/* SPDX-License-Identifier: MIT */
/* The inverse of a schedule: the time at which log(alpha / sigma), which falls in t, has a value.
 *
 * Regula falsi with the Illinois rule: the chord's root where both ends are finite, the middle
 * where one is not (alpha = 0 at t = 1, sigma = 0 at t = 0) or where the chord has not halved the
 * bracket in three steps. Only correctly rounded operations: the same time on every machine. */
#include "schedule.h"
#include "base/fail.h"
#include "base/maths.h"

/* A time and how far its lambda lies above the one that is sought. */
struct end {
    quell_point point;
    double excess;
};

static quell_status take(const quell_schedule *schedule, double t, double lambda, struct end *end)
{
    quell_status status = quell_schedule_point(schedule, t, &end->point);
    end->excess = quell_lambda(&end->point) - lambda;
    return status;
}

/* A time strictly between the ends, or one of them when there is none. */
static double between(const struct end *low, const struct end *high, int halve)
{
    double a = low->point.t, b = high->point.t, middle = a + (b - a) / 2;
    if (halve || !isfinite(low->excess) || !isfinite(high->excess)) return middle;
    double t = a + (b - a) * (low->excess / (low->excess - high->excess));
    return t > a && t < b ? t : middle;
}

static quell_point beyond(const quell_point *end, double lambda)
{
    quell_point point = *end;
    point.log_sigma = end->log_alpha - lambda;
    point.sigma = quell_exp(point.log_sigma);
    return point;
}

/* low.excess > 0 > high.excess. */
static quell_status search(const quell_schedule *schedule, double lambda, struct end low,
                           struct end high, quell_point *point)
{
    double width = high.point.t - low.point.t;
    int last = 0, slow = 0;
    for (int i = 0; i < 200; i++) {
        struct end now;
        double t = between(&low, &high, slow >= 3);
        if (t <= low.point.t || t >= high.point.t) break;
        quell_status status = take(schedule, t, lambda, &now);
        if (status) return status;
        *point = now.point;
        if (now.excess == 0 || fabs(now.excess) <= 1e-15 * (1 + fabs(lambda))) return QUELL_OK;
        int side = now.excess > 0 ? 1 : -1;
        if (side > 0) {
            low = now;
            if (last > 0) high.excess /= 2;
        } else {
            high = now;
            if (last < 0) low.excess /= 2;
        }
        last = side;
        slow = high.point.t - low.point.t <= width / 2 ? 0 : slow + 1;
        if (!slow) width = high.point.t - low.point.t;
    }
    return QUELL_OK;
}

quell_status quell_schedule_at_lambda(const quell_schedule *schedule, double lambda,
                                      quell_point *point)
{
    if (!isfinite(lambda))
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: lambda is %g, must be finite", lambda);
    struct end low, high;
    quell_status status = take(schedule, 0, lambda, &low);
    if (!status) status = take(schedule, 1, lambda, &high);
    if (status) return status;
    if (!(low.excess >= 0))
        *point = beyond(&low.point, lambda);
    else if (!(high.excess <= 0))
        *point = beyond(&high.point, lambda);
    else if (low.excess == 0 || high.excess == 0)
        *point = low.excess == 0 ? low.point : high.point;
    else
        return search(schedule, lambda, low, high, point);
    return QUELL_OK;
}
