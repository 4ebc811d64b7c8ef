/* SPDX-License-Identifier: MIT */
/* Grids: the points of the schedule that a sampler of T steps goes through, from `start` to `stop`,
 * by name and options, as quell_sampler_options.grid takes them.
 *
 *   linear             constant steps in t, as azula's
 *   karras             constant steps in sigma^(1/rho), rho = 7 (Karras et al., 2206.00364, eq. 5)
 *   exponential        constant steps in log sigma; with sigma / alpha these are constant in the
 *                      log-SNR (Lu et al., 2206.00927): also by the name of logsnr
 *   polyexponential    log sigma is linear in the rho-th power (rho = 1) of the step's position in
 *                      the grid, from 0 to 1, as k-diffusion's
 *   kl_optimal         constant steps in arctan sigma (Sabour et al., 2404.14507)
 *   beta               quantiles of Beta(alpha, beta), both 0.6 (Lee et al., 2407.12173), in t or,
 *                      with scale=, in a sigma
 *   sgm_uniform        linear; but with final=zero the last of its points is moved to sigma = 0,
 *                      and no step is added
 *   simple             ComfyUI's: of a discrete schedule's table every n-th point from its end, and
 *                      the last one as in sgm_uniform; for other schedules it is sgm_uniform
 *   linear_quadratic   linear_steps = T / 2 small steps to the progress
 *                      threshold_noise = 0.025, then quadratic ones (Mochi)
 *   discrete           points of a discrete schedule's table, as diffusers' (Lin et al.,
 *                      2305.08891, table 2): spacing=linspace|leading|trailing,
 *                      steps_offset = 0
 *
 * All have final=min|zero: with `min` the last point is the schedule's at `stop`; with `zero` it is
 * pure data, sigma = 0, and the T points before it are those that other codes give under these
 * names. "sigma" means sigma / alpha (scale=ratio), or sigma / (alpha + sigma) as flow models have
 * it (scale=flow; the default of linear_quadratic). A sampler is refused, with a reason, if its
 * grid is not defined for its schedule or if two points coincide. quell_sampler_grid gives the
 * points, quell_list the options of each grid, and docs/schedules.md the formulas. */
#ifndef QUELL_GRID_H
#define QUELL_GRID_H

#ifdef __cplusplus
extern "C" {
#endif

/* A point of the schedule. Where alpha or sigma is rounded to nearly 1, its logarithm keeps the
 * digits that the rounded value has lost. A logarithm is -infinity where its value is 0. */
typedef struct quell_point {
    double t;
    double alpha;
    double sigma;
    double log_alpha;
    double log_sigma;
} quell_point;

/* Returns lambda = log(alpha / sigma), half the log-SNR: the time of exponential integrators (Lu et
 * al., 2206.00927). It rises from x_1 to x_0. It is -infinity where alpha is 0, and infinity where
 * sigma is 0. */
static inline double quell_lambda(const quell_point *point)
{
    return point->log_alpha - point->log_sigma;
}

#ifdef __cplusplus
}
#endif
#endif
