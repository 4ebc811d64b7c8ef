/* SPDX-License-Identifier: MIT */
/* The table of grids, and what they share: their ends, and the last step to sigma = 0. */
#include "grid.h"
#include "base/fail.h"
#include <quell/sampler.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const struct quell_grid_row *const rows[] = {
    &quell_grid_linear,
};

#define ROWS (sizeof rows / sizeof *rows)

const struct quell_grid_row *quell_grid_row(size_t i) { return i < ROWS ? rows[i] : NULL; }

const char *quell_grid_name(size_t i) { return i < ROWS ? rows[i]->name : NULL; }

const char *quell_grid_summary(size_t i) { return i < ROWS ? rows[i]->summary : NULL; }

static const struct quell_grid_row *find(const char *spec)
{
    size_t length = quell_spec_name(spec);
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i]->name) == length && !memcmp(rows[i]->name, spec, length)) return rows[i];
    return NULL;
}

/* Pure data, x = X: where samplers end that take the last step to sigma = 0. */
static quell_point clean(double t) { return (quell_point){t, 1, 0, 0, -(double)INFINITY}; }

quell_status quell_grid_make(const quell_schedule *schedule, const char *spec, double start,
                             double stop, size_t steps, quell_point *points)
{
    const struct quell_grid_row *row = find(spec);
    if (!row)
        return quell_fail(QUELL_NOT_FOUND, "grid '%s': no such grid; see `quell list grids`", spec);
    double option[QUELL_MAX_OPTIONS];
    quell_spec_defaults(row->options, option);
    quell_status status = quell_spec_options("grid", spec, row->options, option);
    if (status) return status;
    bool zero = (int)option[0] == QUELL_FINAL_ZERO;
    struct quell_grid grid = {
        .schedule = schedule, .count = zero ? steps : steps + 1, .option = option};
    if (!(start <= 1 && stop >= 0 && start > stop))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid: start is %g and stop is %g; times must fall from at most 1 to at "
                          "least 0",
                          start, stop);
    status = quell_schedule_point(schedule, start, &grid.first);
    if (!status) status = quell_schedule_point(schedule, stop, &grid.last);
    if (!status) status = row->fill(&grid, points);
    if (!status && zero) points[steps] = clean(stop);
    return status;
}
