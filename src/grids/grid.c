/* SPDX-License-Identifier: MIT */
/* The table of grids, and what they share: their ends, and the last step to sigma = 0. */
#include "grid.h"
#include "base/fail.h"
#include "base/nearest.h"
#include "base/number.h"
#include <quell/sampler.h>

#include <math.h>
#include <stdbool.h>

static const struct quell_grid_row *const rows[] = {
    &quell_grid_linear,          &quell_grid_karras,     &quell_grid_exponential,
    &quell_grid_polyexponential, &quell_grid_kl_optimal, &quell_grid_beta,
    &quell_grid_sgm_uniform,     &quell_grid_simple,     &quell_grid_linear_quadratic,
    &quell_grid_discrete,
};

#define ROWS (sizeof rows / sizeof *rows)

const struct quell_grid_row *quell_grid_row(size_t i) { return i < ROWS ? rows[i] : NULL; }

static const struct quell_grid_row *find(const char *spec)
{
    for (size_t i = 0; i < ROWS; i++)
        if (quell_spec_is(spec, rows[i]->name) || quell_spec_is(spec, rows[i]->alias))
            return rows[i];
    return NULL;
}

static quell_status refuse(const char *spec)
{
    char text[QUELL_SPEC_HINT];
    struct quell_nearest nearest = quell_nearest_to(spec, quell_spec_name(spec));
    for (size_t i = 0; i < ROWS; i++) {
        quell_nearest_try(&nearest, rows[i]->name);
        if (rows[i]->alias) quell_nearest_try(&nearest, rows[i]->alias);
    }
    return quell_fail(QUELL_NOT_FOUND, "grid '%s': no such grid%s; see `quell list grids`", spec,
                      quell_spec_hint("grid", spec, &nearest, text));
}

quell_point quell_grid_clean(double t) { return (quell_point){t, 1, 0, 0, -(double)INFINITY}; }

/* Refuses a grid in which two neighbouring points coincide: that step would do nothing. */
static quell_status check_apart(const char *name, const quell_point *points, size_t steps)
{
    char text[QUELL_NUMBER_TEXT];
    for (size_t i = 0; i < steps; i++)
        if (points[i].t == points[i + 1].t &&
            quell_lambda(&points[i]) == quell_lambda(&points[i + 1]))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "grid '%s': points %zu and %zu coincide at t = %s; take fewer steps, "
                              "or another grid",
                              name, i, i + 1, quell_number_text(points[i].t, text));
    return QUELL_OK;
}

/* If the schedule itself ends at sigma = 0, no further step to sigma = 0 is added. */
static quell_status fill(const struct quell_grid_row *row, struct quell_grid *grid,
                         quell_point *points)
{
    bool zero = (int)grid->option[0] == QUELL_FINAL_ZERO && grid->last.sigma > 0;
    grid->count = zero ? grid->steps : grid->steps + 1;
    quell_status status = row->fill(grid, points);
    if (status) return status;
    if (zero) points[grid->steps] = quell_grid_clean(grid->last.t);
    return check_apart(row->name, points, grid->steps);
}

quell_status quell_grid_make(const quell_schedule *schedule, const char *spec, double start,
                             double stop, size_t steps, quell_point *points)
{
    const struct quell_grid_row *row = find(spec);
    if (!row) return refuse(spec);
    double option[QUELL_MAX_OPTIONS], usual[QUELL_MAX_OPTIONS];
    quell_spec_defaults(row->options, option);
    quell_spec_defaults(row->options, usual);
    quell_status status = quell_spec_options("grid", spec, row->options, option);
    if (!status) status = quell_spec_effects("grid", spec, row->options, usual, option);
    if (status) return status;
    if (!(start <= 1 && stop >= 0 && start > stop))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid: start is %s and stop is %s; times must fall from at most 1 to at "
                          "least 0",
                          QUELL_SAID(start), QUELL_SAID(stop));
    struct quell_grid grid = {
        .name = row->name, .schedule = schedule, .steps = steps, .option = option};
    status = quell_schedule_point(schedule, start, &grid.first);
    if (!status) status = quell_schedule_point(schedule, stop, &grid.last);
    return status ? status : fill(row, &grid, points);
}
