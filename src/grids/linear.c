/* SPDX-License-Identifier: MIT */
/* Constant steps in t. `linear` is azula's grid: t_i = start + (stop - start) i / n, from the first
 * point to the last. `sgm_uniform` (ComfyUI's, after Stability's generative models) differs if the
 * grid goes on to sigma = 0: that step then replaces the last one, instead of following it. */
#include "grid.h"

static quell_status fill_to(const struct quell_grid *grid, size_t n, quell_point *points)
{
    double steps = n ? (double)n : 1, start = grid->first.t, stop = grid->last.t;
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < grid->count && !status; i++) {
        double done = (double)i, t = (start * (steps - done) + stop * done) / steps;
        status = quell_grid_at_time(grid, done / steps, t, &points[i]);
    }
    return status;
}

static quell_status fill_closed(const struct quell_grid *grid, quell_point *points)
{
    return fill_to(grid, grid->count - 1, points);
}

static quell_status fill_open(const struct quell_grid *grid, quell_point *points)
{
    return fill_to(grid, grid->steps, points);
}

static const struct quell_option options[] = {QUELL_GRID_FINAL, {0}};

const struct quell_grid_row quell_grid_linear = {
    .name = "linear",
    .summary = "constant steps in t",
    .source = "azula",
    .options = options,
    .fill = fill_closed,
};

const struct quell_grid_row quell_grid_sgm_uniform = {
    .name = "sgm_uniform",
    .summary = "constant steps in t, the last of which may go to sigma = 0",
    .source = "ComfyUI",
    .options = options,
    .fill = fill_open,
};
