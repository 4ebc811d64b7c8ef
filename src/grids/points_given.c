/* SPDX-License-Identifier: MIT */
/* Grids that the caller gives, by time or by level of noise. Messages show a number in the fewest
 * digits from which it can be read back. */
#include "grid.h"
#include "base/fail.h"
#include "base/maths.h"
#include "base/number.h"

#include <stdio.h>

/* Refuses the i-th of the caller's numbers, which must fall. */
static quell_status refuse(const char *what, const double *given, size_t i, const char *must)
{
    char text[QUELL_NUMBER_TEXT], before[QUELL_NUMBER_TEXT + 12] = "";
    if (i) {
        quell_number_text(given[i - 1], text);
        snprintf(before, sizeof before, ", after %s", text);
    }
    return quell_fail(QUELL_BAD_ARGUMENT, "sampler: %s %zu is %s%s; %s", what, i,
                      quell_number_text(given[i], text), before, must);
}

quell_status quell_grid_from_times(const quell_schedule *schedule, const double *times,
                                   size_t steps, quell_point *points)
{
    double last = 2;
    for (size_t i = 0; i <= steps; i++) {
        double t = times[i];
        if (!(t >= 0 && t <= 1 && t < last))
            return refuse("time", times, i, "times must fall from at most 1 to at least 0");
        quell_status status = quell_schedule_point(schedule, last = t, &points[i]);
        if (status) return status;
    }
    return QUELL_OK;
}

/* Finds the point with this sigma / alpha. Published lists are rounded, so a value beyond the
 * schedule's ends by at most 1% is taken for the end itself. A last value of 0 is allowed whatever
 * the ends are. */
static quell_status at_sigma(const quell_schedule *schedule, double sigma, const quell_point *first,
                             const quell_point *last, quell_point *point)
{
    double lambda = -quell_log(sigma), slack = 0.00995;
    double low = quell_lambda(first), high = quell_lambda(last);
    if (!(lambda >= low - slack && lambda <= high + slack))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler: sigma / alpha = %s, but the schedule's goes from %g to %g",
                          QUELL_SAID(sigma), quell_exp(-low), quell_exp(-high));
    *point = lambda <= low ? *first : *last;
    if (lambda <= low || lambda >= high) return QUELL_OK;
    return quell_schedule_at_lambda(schedule, lambda, point);
}

quell_status quell_grid_from_sigmas(const quell_schedule *schedule, const double *sigmas,
                                    size_t steps, quell_point *points)
{
    quell_point first, last;
    quell_status status = quell_schedule_point(schedule, 1, &first);
    if (!status) status = quell_schedule_point(schedule, 0, &last);
    for (size_t i = 0; i <= steps && !status; i++) {
        if (!(sigmas[i] >= 0 && (i == 0 || sigmas[i] < sigmas[i - 1])))
            return refuse("sigma", sigmas, i, "sigmas must fall and be >= 0");
        if (sigmas[i] == 0 && last.sigma > 0)
            points[i] = quell_grid_clean(0);
        else
            status = at_sigma(schedule, sigmas[i], &first, &last, &points[i]);
        if (!status && i && quell_lambda(&points[i]) == quell_lambda(&points[i - 1]))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "sampler: sigmas %zu and %zu, %s and %s, are both the schedule's end",
                              i - 1, i, QUELL_SAID(sigmas[i - 1]), QUELL_SAID(sigmas[i]));
    }
    return status;
}
