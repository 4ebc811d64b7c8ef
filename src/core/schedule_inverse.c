/* SPDX-License-Identifier: MIT */
/* The inverse of a schedule: finds the time at which log(alpha / sigma), which falls in t, has a
 * given value.
 *
 * The method is regula falsi with the Illinois rule. It tries the root of the chord if both ends
 * are finite. It tries the middle if one is not (alpha = 0 at t = 1, sigma = 0 at t = 0), or if the
 * chord has not halved the bracket in three steps. All operations are correctly rounded: the time
 * is the same on every machine.
 *
 * Near an infinite end, t has too few digits for lambda. The bracket then shrinks to adjacent
 * doubles before lambda is reached, and alpha and sigma, which samplers need, are interpolated
 * between them. */
#include "schedule.h"
#include "base/fail.h"
#include "base/maths.h"

/* A time, and how far its lambda lies above the wanted one. The Illinois rule halves that
 * excess. */
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

/* Returns the middle of a < b, or of their logarithms if a and b differ by orders of magnitude. */
static double middle(double a, double b)
{
    const double smallest = 0x1p-1000;
    if (b > 4 * a && b > smallest) return sqrt(a > smallest ? a : smallest) * sqrt(b);
    return a + (b - a) / 2;
}

/* Returns a time strictly between the ends, or one of the ends if no double lies between them. */
static double between(const struct end *low, const struct end *high, bool halve)
{
    double a = low->point.t, b = high->point.t;
    if (!halve && isfinite(low->excess) && isfinite(high->excess)) {
        double t = a + (b - a) * (low->excess / (low->excess - high->excess));
        if (t > a && t < b) return t;
    }
    return middle(a, b);
}

/* alpha = exp(log_alpha), sigma = alpha / exp(lambda) */
static quell_point from_alpha(double t, double log_alpha, double lambda)
{
    double log_sigma = log_alpha - lambda;
    return (quell_point){t, quell_exp(log_alpha), quell_exp(log_sigma), log_alpha, log_sigma};
}

/* sigma = exp(log_sigma), alpha = sigma exp(lambda) */
static quell_point from_sigma(double t, double log_sigma, double lambda)
{
    double log_alpha = log_sigma + lambda;
    return (quell_point){t, quell_exp(log_alpha), quell_exp(log_sigma), log_alpha, log_sigma};
}

/* Returns a point for a bracket that has shrunk to adjacent doubles: interpolates log alpha and log
 * sigma linearly in lambda, starting with the larger of the two, which varies least. */
static quell_point settle(const quell_point *low, const quell_point *high, double lambda)
{
    double above = quell_lambda(low) - lambda, below = lambda - quell_lambda(high);
    double part = isinf(above) ? 0 : isinf(below) ? 1 : below / (above + below);
    double t = part >= 0.5 ? low->t : high->t;
    const quell_point *one = part == 0 ? high : low, *other = part == 1 ? low : high;
    if (low->log_alpha == high->log_alpha || lambda > 0)
        return from_alpha(t, part * one->log_alpha + (1 - part) * other->log_alpha, lambda);
    return from_sigma(t, part * one->log_sigma + (1 - part) * other->log_sigma, lambda);
}

/* Searches between low and high. Precondition: low.excess > 0 > high.excess. */
static quell_status search(const quell_schedule *schedule, double lambda, struct end low,
                           struct end high, quell_point *point)
{
    double width = high.point.t - low.point.t;
    int last = 0, slow = 0;
    for (int i = 0; i < 400; i++) {
        struct end now;
        double t = between(&low, &high, slow >= 3);
        if (t <= low.point.t || t >= high.point.t) break;
        quell_status status = take(schedule, t, lambda, &now);
        if (status) return status;
        *point = now.point;
        if (fabs(now.excess) <= 1e-15 * (1 + fabs(lambda))) return QUELL_OK;
        int side = now.excess > 0 ? 1 : -1;
        struct end *moved = side > 0 ? &low : &high, *kept = side > 0 ? &high : &low;
        *moved = now;
        if (side == last) kept->excess /= 2;
        last = side;
        slow = slow >= 3 || high.point.t - low.point.t <= width / 2 ? 0 : slow + 1;
        if (!slow) width = high.point.t - low.point.t;
    }
    *point = settle(&low.point, &high.point, lambda);
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
        *point = from_alpha(low.point.t, low.point.log_alpha, lambda);
    else if (!(high.excess <= 0))
        *point = from_alpha(high.point.t, high.point.log_alpha, lambda);
    else if (low.excess == 0 || high.excess == 0)
        *point = low.excess == 0 ? low.point : high.point;
    else
        return search(schedule, lambda, low, high, point);
    return QUELL_OK;
}
