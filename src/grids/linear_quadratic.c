/* SPDX-License-Identifier: MIT */
/* Mochi's grid for flow models (Genmo, mochi-preview; in ComfyUI linear_quadratic): the progress
 * p = 1 - sigma goes in m small steps to a threshold, linearly, and from there on quadratically:
 *
 *     p_i = threshold i / m                         for i < m,
 *     p_i = a i^2 + b i + a m^2                     for m <= i <= n,
 *     a = (m - threshold n) / (m (n - m)^2),  b = threshold / m - 2 (m - threshold n) / (n - m)^2,
 *
 * which meets the line at i = m in value and slope, and 1 at i = n. sigma is scaled to go from the
 * first level of noise to the last. A step to sigma = 0 takes the place of the last one. */
#include "grid.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/maths.h"

enum { THRESHOLD = QUELL_GRID_OWN, LINEAR, SCALE };

static double progress(double i, double n, double m, double threshold)
{
    if (i < m) return threshold * i / m;
    double short_of = m - threshold * n, rest = (n - m) * (n - m);
    double a = short_of / (m * rest), b = threshold / m - 2 * short_of / rest;
    return a * i * i + b * i + a * m * m;
}

static quell_status fill(const struct quell_grid *grid, quell_point *points)
{
    int scale = (int)grid->option[SCALE];
    double n = (double)grid->steps, threshold = grid->option[THRESHOLD];
    double m = grid->option[LINEAR] > 0 ? grid->option[LINEAR] : floor(n / 2);
    if (grid->steps > 1 && !(m < n && threshold * n < m))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid '%s': %g linear steps of %g up to %s: must be fewer than all, and "
                          "slower than the rest",
                          grid->name, m, n, QUELL_SAID(threshold));
    quell_status status = quell_grid_finite_start(grid, scale);
    double high = quell_exp(quell_grid_log_level(&grid->first, scale));
    double low = quell_exp(quell_grid_log_level(&grid->last, scale));
    for (size_t i = 0; i < grid->count && !status; i++) {
        double place = quell_grid_open(grid, i);
        double done = i > 0 ? progress((double)i, n, m, threshold) : 0;
        double log_level = quell_log((1 - done) * high + done * low);
        status = quell_grid_at_level(grid, place, scale, log_level, &points[i]);
    }
    return status;
}

static const struct quell_option options[] = {
    QUELL_GRID_FINAL,
    QUELL_NUMBER("threshold_noise", 0.025, 1e-6, 0.5,
                 "progress at which the steps become quadratic"),
    QUELL_WHOLE("linear_steps", 0, 0, 1e6, "number of linear steps; 0: half of all steps"),
    QUELL_GRID_SCALE(QUELL_SCALE_FLOW),
    {0}};

const struct quell_grid_row quell_grid_linear_quadratic = {
    .name = "linear_quadratic",
    .summary = "small linear steps at high noise, then quadratic ones",
    .source = "Mochi",
    .options = options,
    .fill = fill,
};
