/* SPDX-License-Identifier: MIT */
/* Align Your Steps (Sabour et al., 2404.14507), in the closed form that is optimal for a standard
 * normal law: constant steps in the angle arctan sigma, where sigma is the level of noise:
 *
 *     sigma_i = tan((1 - u) arctan sigma_max + u arctan sigma_min),  u = i / (n - 1).
 *
 * The complement of the angle, arctan(1 / sigma), is computed as well: tan, as the quotient of two
 * sines of these angles, keeps its digits at both ends, which may be infinite and 0. */
#include "grid.h"
#include "base/maths.h"

enum { SCALE = QUELL_GRID_OWN };

static quell_status fill(const struct quell_grid *grid, quell_point *points)
{
    int scale = (int)grid->option[SCALE];
    double high = quell_grid_log_level(&grid->first, scale);
    double low = quell_grid_log_level(&grid->last, scale);
    double high_angle = quell_atan(quell_exp(high)), high_rest = quell_atan(quell_exp(-high));
    double low_angle = quell_atan(quell_exp(low)), low_rest = quell_atan(quell_exp(-low));
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < grid->count && !status; i++) {
        double place = quell_grid_closed(grid, i), left = quell_grid_closed_rest(grid, i);
        double angle = left * high_angle + place * low_angle;
        double rest = left * high_rest + place * low_rest;
        double log_level = quell_log(quell_sin(angle)) - quell_log(quell_sin(rest));
        status = quell_grid_at_level(grid, place, scale, log_level, &points[i]);
    }
    return status;
}

static const struct quell_option options[] = {
    QUELL_GRID_FINAL, QUELL_GRID_SCALE(QUELL_SCALE_RATIO), {0}};

const struct quell_grid_row quell_grid_kl_optimal = {
    .name = "kl_optimal",
    .summary = "constant steps in arctan sigma",
    .source = "arXiv:2404.14507",
    .options = options,
    .fill = fill,
};
