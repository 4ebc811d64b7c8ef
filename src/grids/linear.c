/* SPDX-License-Identifier: MIT */
/* Constant steps in t, azula's grid: t_i = start + (stop - start) i / n. */
#include "grid.h"

static quell_status fill(const struct quell_grid *grid, quell_point *points)
{
    double steps = grid->count > 1 ? (double)(grid->count - 1) : 1;
    double start = grid->first.t, stop = grid->last.t;
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < grid->count && !status; i++) {
        double done = (double)i, t = (start * (steps - done) + stop * done) / steps;
        if (i == 0) t = start; /* to the last bit */
        if (i > 0 && i == grid->count - 1) t = stop;
        status = quell_schedule_point(grid->schedule, t, &points[i]);
    }
    return status;
}

static const struct quell_option options[] = {QUELL_GRID_FINAL, {0}};

const struct quell_grid_row quell_grid_linear = {
    .name = "linear",
    .summary = "constant steps in t",
    .paper = "azula",
    .options = options,
    .fill = fill,
};
