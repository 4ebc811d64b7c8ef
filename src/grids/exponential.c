/* SPDX-License-Identifier: MIT */
/* Steps in log sigma, where sigma is the level of noise: constant ones, or (k-diffusion's
 * polyexponential, which is the same with rho = 1) by a power of the position in the grid:
 *
 *     log sigma_i = log sigma_min + (1 - i / (n - 1))^rho (log sigma_max - log sigma_min).
 *
 * Constant steps in log(sigma / alpha) = -lambda are those of DPM-Solver (Lu et al., 2206.00927,
 * section 4.3), who call them uniform in log-SNR. */
#include "grid.h"
#include "base/maths.h"

static quell_status fill_with(const struct quell_grid *grid, double rho, int scale,
                              quell_point *points)
{
    quell_status status = quell_grid_finite_start(grid, scale);
    if (!status) status = quell_grid_finite_end(grid);
    double high = quell_grid_log_level(&grid->first, scale);
    double low = quell_grid_log_level(&grid->last, scale);
    for (size_t i = 0; i < grid->count && !status; i++) {
        double place = quell_grid_closed(grid, i), left = quell_grid_closed_rest(grid, i);
        double part = rho == 1 ? left : quell_power(left, rho);
        double log_level = (1 - part) * low + part * high;
        status = quell_grid_at_level(grid, place, scale, log_level, &points[i]);
    }
    return status;
}

enum { SCALE = QUELL_GRID_OWN, RHO };

static quell_status fill_exponential(const struct quell_grid *grid, quell_point *points)
{
    return fill_with(grid, 1, (int)grid->option[SCALE], points);
}

static quell_status fill_polyexponential(const struct quell_grid *grid, quell_point *points)
{
    return fill_with(grid, grid->option[RHO], (int)grid->option[SCALE], points);
}

static const struct quell_option exponential_options[] = {
    QUELL_GRID_FINAL, QUELL_GRID_SCALE(QUELL_SCALE_RATIO), {0}};

const struct quell_grid_row quell_grid_exponential = {
    .name = "exponential",
    .alias = "logsnr",
    .summary = "constant steps in log sigma; also by the name of logsnr",
    .source = "arXiv:2206.00927",
    .options = exponential_options,
    .fill = fill_exponential,
};

static const struct quell_option polyexponential_options[] = {
    QUELL_GRID_FINAL,
    QUELL_GRID_SCALE(QUELL_SCALE_RATIO),
    QUELL_NUMBER("rho", 1, 0.1, 100, "greater: more steps at low noise; 1: exponential"),
    {0}};

const struct quell_grid_row quell_grid_polyexponential = {
    .name = "polyexponential",
    .summary = "log sigma is linear in a power of the position",
    .source = "k-diffusion",
    .options = polyexponential_options,
    .fill = fill_polyexponential,
};
