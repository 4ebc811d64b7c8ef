/* SPDX-License-Identifier: MIT */
/* Grids by name: the points of the schedule that a sampler goes through. */
#ifndef QUELL_GRIDS_GRID_H
#define QUELL_GRIDS_GRID_H

#include <quell/plan.h>
#include "base/options.h"
#include "core/schedule.h"

/* What a grid is to fill: `count` points from the time `start` to the time `stop`, count >= 1 (of
 * one point, it is the start). `option`: in the order of the row's own options. */
struct quell_grid {
    const quell_schedule *schedule;
    quell_point first, last; /* the schedule at start and stop */
    size_t count;
    const double *option;
};

/* A grid by name. fill: writes points[0..count), along which alpha / sigma rises; it fails with a
 * reason where the grid is not defined. The option `final`, which all grids have, comes first. */
struct quell_grid_row {
    const char *name, *summary, *paper;
    const struct quell_option *options;
    quell_status (*fill)(const struct quell_grid *grid, quell_point *points);
};

/* Every grid's first option: where it ends, at the schedule's own last point or, after it, at
 * sigma = 0. */
enum { QUELL_FINAL_MIN, QUELL_FINAL_ZERO };
#define QUELL_GRID_FINAL \
    QUELL_CHOICE("final", QUELL_FINAL_MIN, "min|zero", "the last sigma: the schedule's, or 0")

/* The i-th row, NULL past the end. */
const struct quell_grid_row *quell_grid_row(size_t i);

/* points[0..steps] of the grid that a spec, "NAME[:KEY=VALUE,...]", names. */
quell_status quell_grid_make(const quell_schedule *schedule, const char *spec, double start,
                             double stop, size_t steps, quell_point *points);

extern const struct quell_grid_row quell_grid_linear;

#endif
