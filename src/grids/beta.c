/* SPDX-License-Identifier: MIT */
/* Beta sampling (Lee et al., 2407.12173): times are quantiles of a beta distribution, which are
 * dense at both ends if alpha, beta < 1. ComfyUI's grid of that name is in time, rounded to the
 * steps of training, with final=zero; diffusers' is in a level of noise. */
#include "grid.h"
#include "base/beta_quantile.h"
#include "base/maths.h"

enum { ALPHA = QUELL_GRID_OWN, BETA, SCALE };
enum { SCALE_TIME }; /* the first of the choices of `scale` */

/* In time, a step to sigma = 0 replaces the last step, as in sgm_uniform. */
static quell_status fill_times(const struct quell_grid *grid, quell_point *points)
{
    double start = grid->first.t, stop = grid->last.t;
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < grid->count && !status; i++) {
        double done = (double)i / (double)grid->steps;
        struct quell_quantile u =
            quell_beta_quantile((double)(grid->steps - i) / (double)grid->steps, done,
                                grid->option[ALPHA], grid->option[BETA]);
        status = quell_grid_at_time(grid, done, u.x * start + u.rest * stop, &points[i]);
    }
    return status;
}

static quell_status fill_levels(const struct quell_grid *grid, int scale, quell_point *points)
{
    quell_status status = quell_grid_finite_start(grid, scale);
    double high = quell_exp(quell_grid_log_level(&grid->first, scale));
    double low = quell_exp(quell_grid_log_level(&grid->last, scale));
    for (size_t i = 0; i < grid->count && !status; i++) {
        double place = quell_grid_closed(grid, i), left = quell_grid_closed_rest(grid, i);
        struct quell_quantile u =
            quell_beta_quantile(left, place, grid->option[ALPHA], grid->option[BETA]);
        double log_level = quell_log(u.x * high + u.rest * low);
        status = quell_grid_at_level(grid, place, scale, log_level, &points[i]);
    }
    return status;
}

static quell_status fill(const struct quell_grid *grid, quell_point *points)
{
    int scale = (int)grid->option[SCALE];
    if (scale == SCALE_TIME) return fill_times(grid, points);
    return fill_levels(grid, scale - 1, points);
}

static const struct quell_option options[] = {
    QUELL_GRID_FINAL,
    QUELL_NUMBER("alpha", 0.6, 0.1, 10, "smaller: more steps at low noise"),
    QUELL_NUMBER("beta", 0.6, 0.1, 10, "smaller: more steps at high noise"),
    QUELL_CHOICE("scale", SCALE_TIME, "time|ratio|flow",
                 "quantiles of t, of sigma / alpha, or of sigma / (alpha + sigma)"),
    {0}};

const struct quell_grid_row quell_grid_beta = {
    .name = "beta",
    .summary = "quantiles of a beta distribution",
    .source = "arXiv:2407.12173",
    .options = options,
    .fill = fill,
};
