/* SPDX-License-Identifier: MIT */
/* Karras et al., 2206.00364, eq. 5: constant steps in sigma^(1/rho), sigma being the level of
 * noise:
 *
 *     sigma_i = (sigma_max^(1/rho) + i / (n - 1) (sigma_min^(1/rho) - sigma_max^(1/rho)))^rho. */
#include "grid.h"
#include "base/maths.h"

enum { RHO = QUELL_GRID_OWN, SCALE };

static quell_status fill(const struct quell_grid *grid, quell_point *points)
{
    int scale = (int)grid->option[SCALE];
    double rho = grid->option[RHO];
    quell_status status = quell_grid_finite_start(grid, scale);
    double high = quell_exp(quell_grid_log_level(&grid->first, scale) / rho);
    double low = quell_exp(quell_grid_log_level(&grid->last, scale) / rho);
    for (size_t i = 0; i < grid->count && !status; i++) {
        double place = quell_grid_closed(grid, i), left = quell_grid_closed_rest(grid, i);
        double log_level = rho * quell_log(left * high + place * low);
        status = quell_grid_at_level(grid, place, scale, log_level, &points[i]);
    }
    return status;
}

static const struct quell_option options[] = {
    QUELL_GRID_FINAL,
    QUELL_NUMBER("rho", 7, 0.1, 100, "greater: more steps at low noise"),
    QUELL_GRID_SCALE(QUELL_SCALE_RATIO),
    {0}};

const struct quell_grid_row quell_grid_karras = {
    .name = "karras",
    .summary = "constant steps in sigma^(1/rho)",
    .source = "arXiv:2206.00364",
    .options = options,
    .fill = fill,
};
