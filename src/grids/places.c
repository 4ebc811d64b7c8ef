/* SPDX-License-Identifier: MIT */
/* Helpers for grids: positions between the first point and the last, and points at a time or at a
 * level of noise. */
#include "grid.h"
#include "base/fail.h"
#include "base/maths.h"

double quell_grid_closed(const struct quell_grid *grid, size_t i)
{
    return grid->count > 1 ? (double)i / (double)(grid->count - 1) : 0;
}

double quell_grid_closed_rest(const struct quell_grid *grid, size_t i)
{
    return grid->count > 1 ? (double)(grid->count - 1 - i) / (double)(grid->count - 1) : 1;
}

double quell_grid_open(const struct quell_grid *grid, size_t i)
{
    return (double)i / (double)grid->steps;
}

/* If `place` is 0 or 1, writes the grid's own first or last point to *point and returns true. */
static bool at_end(const struct quell_grid *grid, double place, quell_point *point)
{
    if (place > 0 && place < 1) return false;
    *point = place > 0 ? grid->last : grid->first;
    return true;
}

quell_status quell_grid_at_time(const struct quell_grid *grid, double place, double t,
                                quell_point *point)
{
    if (at_end(grid, place, point)) return QUELL_OK;
    return quell_schedule_point(grid->schedule, t, point);
}

double quell_grid_log_level(const quell_point *point, int scale)
{
    double lambda = quell_lambda(point);
    if (scale == QUELL_SCALE_RATIO || lambda > 700) return -lambda;
    return -quell_log1p(quell_exp(lambda));
}

/* With v = sigma / (alpha + sigma), alpha / sigma = (1 - v) / v. */
static double lambda_at(double log_level, int scale)
{
    if (scale == QUELL_SCALE_RATIO) return -log_level;
    return quell_log(-quell_expm1(log_level)) - log_level;
}

quell_status quell_grid_at_level(const struct quell_grid *grid, double place, int scale,
                                 double log_level, quell_point *point)
{
    if (at_end(grid, place, point)) return QUELL_OK;
    double lambda = lambda_at(log_level, scale);
    lambda = fmin(fmax(lambda, quell_lambda(&grid->first)), quell_lambda(&grid->last));
    return quell_schedule_at_lambda(grid->schedule, lambda, point);
}

quell_status quell_grid_finite_start(const struct quell_grid *grid, int scale)
{
    if (scale == QUELL_SCALE_FLOW || grid->first.alpha > 0) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "grid '%s': sigma / alpha is infinite at the start, t = %g, where alpha is 0; "
        "start below it (start = 0.999), or take scale=flow, or a grid in time or "
        "angle: linear, beta, kl_optimal",
        grid->name, grid->first.t);
}

quell_status quell_grid_finite_end(const struct quell_grid *grid)
{
    if (grid->last.sigma > 0) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "grid '%s': log sigma is infinite at the end, t = %g, where sigma is 0; stop "
                      "above it (stop = 0.001; final=zero then goes on to 0), or take a grid that "
                      "may end there: karras, kl_optimal, linear, beta",
                      grid->name, grid->last.t);
}
