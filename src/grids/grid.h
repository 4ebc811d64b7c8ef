/* SPDX-License-Identifier: MIT */
/* Grids by name: the points of the schedule that a sampler goes through. */
#ifndef QUELL_GRIDS_GRID_H
#define QUELL_GRIDS_GRID_H

#include <quell/grid.h>
#include "base/spec.h"
#include "core/schedule.h"

/* What a grid has to fill in: `count` >= 1 points, from the first one on. `steps` is count - 1 if
 * the last of them ends the grid, and count if a step to sigma = 0 follows. `option`: the values of
 * the row's own options, in their order. */
struct quell_grid {
    const char *name;
    const quell_schedule *schedule;
    quell_point first, last; /* the schedule at start and stop */
    size_t count, steps;
    const double *option;
};

/* A grid by name. fill: writes points[0..count), along which alpha / sigma rises; it fails with a
 * reason where the grid is not defined. The option `final`, which all grids have, comes first.
 * alias: another name of it, or NULL. */
struct quell_grid_row {
    const char *name, *alias, *summary, *source;
    const struct quell_option *options;
    quell_status (*fill)(const struct quell_grid *grid, quell_point *points);
};

/* Every grid's first option: where it ends, at the schedule's own last point or, after it, at
 * sigma = 0. */
enum { QUELL_FINAL_MIN, QUELL_FINAL_ZERO };
#define QUELL_GRID_FINAL                               \
    QUELL_CHOICE("final", QUELL_FINAL_MIN, "min|zero", \
                 "the last point: the schedule's, or sigma = 0")
enum { QUELL_GRID_OWN = 1 }; /* the index of the first option after `final` */

/* The i-th row, NULL past the end. */
const struct quell_grid_row *quell_grid_row(size_t i);

/* points[0..steps] of the grid that a spec, "NAME[:KEY=VALUE,...]", names. */
quell_status quell_grid_make(const quell_schedule *schedule, const char *spec, double start,
                             double stop, size_t steps, quell_point *points);

/* points[0..steps] at the caller's own times, or at sigma / alpha = sigmas[i]
 * (points_given.c). */
quell_status quell_grid_from_times(const quell_schedule *schedule, const double *times,
                                   size_t steps, quell_point *points);
quell_status quell_grid_from_sigmas(const quell_schedule *schedule, const double *sigmas,
                                    size_t steps, quell_point *points);

/* The point of pure data, x = X, at which a grid ends that takes the last step to sigma = 0. */
quell_point quell_grid_clean(double t);

/* For the functions `fill` (places.c). The position of point i between the grid's first point, 0,
 * and its last, 1. closed: evenly spaced, with the last of the `count` points at 1. open: evenly
 * spaced, with 1 after `steps` steps, whether that last step is taken or replaced by one to
 * sigma = 0. */
double quell_grid_closed(const struct quell_grid *grid, size_t i);
double quell_grid_closed_rest(const struct quell_grid *grid,
                              size_t i); /* 1 - position, without cancellation */
double quell_grid_open(const struct quell_grid *grid, size_t i);

/* Write the point at a time, or where the logarithm of a level (see below) has a value. If `place`,
 * the position as above, is 0 or 1, they write the grid's own first or last point, whatever the
 * value is. */
quell_status quell_grid_at_time(const struct quell_grid *grid, double place, double t,
                                quell_point *point);
quell_status quell_grid_at_level(const struct quell_grid *grid, double place, int scale,
                                 double log_level, quell_point *point);

/* The measure of noise in which a grid is even: sigma / alpha, the sigma of k-diffusion's papers,
 * or sigma / (alpha + sigma), that of flow models, which is at most 1. */
enum { QUELL_SCALE_RATIO, QUELL_SCALE_FLOW };
#define QUELL_GRID_SCALE(value_)       \
    QUELL_CHOICE(                      \
        "scale", value_, "ratio|flow", \
        "measure of the steps: sigma / alpha, or sigma / (alpha + sigma) as in flow models")
double quell_grid_log_level(const quell_point *point, int scale);

/* Refuse a grid that cannot start where alpha is 0, or cannot end where sigma is 0. */
quell_status quell_grid_finite_start(const struct quell_grid *grid, int scale);
quell_status quell_grid_finite_end(const struct quell_grid *grid);

extern const struct quell_grid_row quell_grid_linear, quell_grid_sgm_uniform;
extern const struct quell_grid_row quell_grid_karras, quell_grid_exponential;
extern const struct quell_grid_row quell_grid_polyexponential, quell_grid_kl_optimal;
extern const struct quell_grid_row quell_grid_beta, quell_grid_linear_quadratic;
extern const struct quell_grid_row quell_grid_simple, quell_grid_discrete;

#endif
