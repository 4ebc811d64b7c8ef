/* SPDX-License-Identifier: MIT */
/* Grids: the points of the schedule that a sampler of T steps goes through, from `start` to `stop`,
 * by name and options, as quell_sampler_options.grid takes them. In this list "sigma" is the level
 * of noise: sigma / alpha (scale=ratio, the default of all but linear_quadratic) or
 * sigma / (alpha + sigma), as flow models have it (scale=flow).
 *
 *   linear             constant steps in t, as azula's
 *   karras             constant steps in sigma^(1/rho), rho = 7 (Karras et al., 2206.00364, eq. 5)
 *   exponential        constant steps in log sigma, which with scale=ratio are constant steps in
 *                      the log-SNR (Lu et al., 2206.00927); its alias is logsnr
 *   polyexponential    log sigma is linear in w^rho, where w falls from 1 to 0 in constant steps,
 *                      rho = 1; k-diffusion's
 *   kl_optimal         constant steps in arctan sigma (Sabour et al., 2404.14507)
 *   beta               quantiles of Beta(alpha, beta), both 0.6 (Lee et al., 2407.12173), in t or,
 *                      with scale=, in the measure of noise that this names
 *   sgm_uniform        as linear; with final=zero the last of the constant steps leads to sigma = 0
 *                      instead of to `stop`
 *   simple             every n-th point of a discrete schedule's table, from its end on, as in
 *                      ComfyUI; for schedules without a table it is sgm_uniform
 *   linear_quadratic   p = 1 - sigma rises from 0 to threshold_noise (0.025) in linear_steps
 *                      (T / 2) equal steps, and from there to 1 in steps that grow (Mochi)
 *   discrete           points of a discrete schedule's table, as diffusers' (Lin et al.,
 *                      2305.08891, table 2): spacing=linspace|leading|trailing,
 *                      steps_offset = 0
 *
 * All have final=min|zero. With `min`, the default, the last point is the schedule's at `stop`.
 * With `zero` it is pure data, sigma = 0, and the T points before it are those that other codes
 * give under these names. A sampler is refused, with a reason, if its grid is not defined for its
 * schedule or if two points coincide.
 * quell_sampler_grid gives the points, quell_list the options of each grid, and docs/schedules.md
 * the formulas. */
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
