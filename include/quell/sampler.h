/* SPDX-License-Identifier: MIT */
/* Samplers: x_1 -> x_0 in T transitions of a reverse process. */
#ifndef QUELL_SAMPLER_H
#define QUELL_SAMPLER_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/denoiser.h>
#include <quell/grid.h>
#include <quell/plan.h>
#include <quell/schedule.h>
#include <quell/status.h>
#include <quell/transition.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A sampler: opaque and reference-counted. It never changes once created, and any number of threads
 * may use it: several runs on one sampler may go on at once. It holds its denoiser. */
typedef struct quell_sampler quell_sampler;

/* What a sampler is created with. Start from quell_sampler_defaults().
 *
 * steps: T, 1 to 10^6; 0: 64, or 1 of a sampler that chooses its own steps, which has no use for
 *   more.
 * start, stop: the first and the last time (1, 0), 1 >= start > stop >= 0.
 * times: the grid t_T > ... > t_0, steps + 1 values, in place of grid, start and stop, which must
 *   then be the defaults, or say the same; NULL: none.
 * clamp_low, clamp_high: bounds put on the denoiser's output (none).
 * prior_dim, prior_mean, prior_variance: E[X] and V[X], as quell_sample_prior uses them (0 and 1
 *   where NULL); each of one value (prior_dim 1) or one per element (prior_dim = dim). Copied. Not
 *   where alpha is 0 at the first point: nothing of X is left there.
 * grid: where the steps lie between start and stop, "NAME[:KEY=VALUE,...]"; NULL: "linear". The
 *   names are under "Grids", below. Not for a sampler that chooses its own steps.
 * brownian: 1: the noise of a step is a part of a path: with the same seed more steps come to the
 *   same path (quell_plan_noise, quell_noise_brownian); 0: each step, from t to s, has noise of its
 *   own, which is faster, as noise in Brownian mode is a sum of some 40 normals (fewer where times
 *   are round in binary). Not for a sampler that draws no noise on the way, from start to stop or
 *   from 1 to 0.
 * sigmas: the grid by its values of sigma / alpha, steps + 1 of them that fall, in place of start,
 *   stop and grid, as times; within those of the schedule, but for a last one of 0. One that is
 *   beyond by 1% at most, as in published lists, which are rounded, is the schedule's first or
 *   last; NULL: none.
 * threshold: dynamic thresholding of the denoiser's output (Saharia et al., 2205.11487, section
 *   2.3): of each sample's |E[X | x_t]| the quantile s, from 0 to 1 (they use high ones, as 0.995),
 *   but s >= 1; the sample is clipped to [-s, s] and divided by s. 0: none. Not with a clamp.
 * threshold_max: what s is at most, >= 1 (none), with a threshold. diffusers' sample_max_value.
 *
 * What would have no effect with the rest is refused, and named: that is decided here, for every
 * language and the command. A value that does what it says is taken even where another would do the
 * same: a grid of one step, clamps that nothing reaches. */
typedef struct quell_sampler_options {
    size_t size;
    size_t steps;
    double start;
    double stop;
    const double *times;
    double clamp_low;
    double clamp_high;
    size_t prior_dim;
    const double *prior_mean;
    const double *prior_variance;
    const char *grid;
    int brownian;
    const double *sigmas;
    double threshold;
    double threshold_max;
} quell_sampler_options;

/* 64 steps of the linear grid from 1 to 0, or the sampler's own; no bounds, noise by step. */
static inline quell_sampler_options quell_sampler_defaults(void)
{
    quell_sampler_options options;
    options.size = sizeof options;
    options.steps = 0;
    options.start = 1.0;
    options.stop = 0.0;
    options.times = NULL;
    options.clamp_low = -(double)INFINITY;
    options.clamp_high = (double)INFINITY;
    options.prior_dim = 1;
    options.prior_mean = NULL;
    options.prior_variance = NULL;
    options.grid = NULL;
    options.brownian = 0;
    options.sigmas = NULL;
    options.threshold = 0;
    options.threshold_max = (double)INFINITY;
    return options;
}

/* Creates a sampler by its name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]".
 *
 *   classics        ddpm (2006.11239), ddim (2010.02502)
 *   single steps    euler, heun, dpm2 (2206.00364, with churn), heunpp2, dpm_single (2206.00927 and
 *                   2211.01095), res_2s (2308.02157), euler_a, dpm2_a, dpmpp_2s_a, ito, restart
 *                   (2306.14878)
 *   multistep       zab, vab, zeab (2206.00927, 2204.13902), xeab (2211.01095), reab, ipndm,
 *                   ipndm_v, pndm (2202.09778), unipc (2302.04867), res_multistep,
 *                   gradient_estimation (2306.04848)
 *   stochastic      dpmpp_sde, dpmpp_2m_sde, dpmpp_3m_sde, sa_solver (2309.05019), er_sde
 *                   (2309.06169), seeds2, seeds3 (2305.14267), pc (2011.13456)
 *   adaptive        dpm_adaptive, whose steps are each sample's own, from start to stop, or from
 *                   the first to the last of two times or sigmas
 *   distilled       lcm (2310.04378), tcd (2402.19159), consistency (2303.01469)
 *
 * quell_list has the options of each, and `quell list samplers NAME` prints them; docs/samplers.md
 * says when to take which. Aliases are names, too ("dpmpp_2m"). A step by quell_step is a grid of
 * one step: multistep methods have no past there.
 *
 * options may be NULL. All coefficients are worked out here. QUELL_NOT_FOUND for an unknown name;
 * QUELL_BAD_ARGUMENT for a bad option or grid. Thread-safe. */
QUELL_API quell_status quell_sampler_create(quell_sampler **sampler, const char *spec,
                                            const quell_denoiser *denoiser,
                                            const quell_schedule *schedule,
                                            const quell_sampler_options *options);

/* Creates a sampler from the caller's own builder (plan.h). `build` is called here for the whole
 * grid, and by quell_step for one transition. `release` frees `user` when the sampler is
 * freed, or is NULL. */
QUELL_API quell_status quell_sampler_from_builder(quell_sampler **sampler, quell_build_fn *build,
                                                  void *user, quell_release_fn *release,
                                                  const quell_denoiser *denoiser,
                                                  const quell_schedule *schedule,
                                                  const quell_sampler_options *options);

/* Creates a sampler from the caller's own transition (transition.h), for any grid and for
 * quell_step. Errors as quell_sampler_create has them; `release` is as in
 * quell_sampler_from_builder. */
QUELL_API quell_status quell_sampler_from_step(quell_sampler **sampler, quell_step_fn *step,
                                               void *user, quell_release_fn *release,
                                               const quell_denoiser *denoiser,
                                               const quell_schedule *schedule,
                                               const quell_sampler_options *options);

/* Gives up the caller's hold on a sampler; NULL is allowed. */
QUELL_API void quell_sampler_free(quell_sampler *sampler);

/* The number of elements of a sample, and of transitions: T. Thread-safe. */
QUELL_API size_t quell_sampler_dim(const quell_sampler *sampler);
QUELL_API size_t quell_sampler_steps(const quell_sampler *sampler);

/* The grid: points[0], ..., points[T], from the first time to the last, which last as long as the
 * sampler; NULL for a sampler that is NULL. Transition i is from points[i] to points[i + 1].
 * Thread-safe. */
QUELL_API const quell_point *quell_sampler_grid(const quell_sampler *sampler);

/* The evaluations of the denoiser that a sample takes; 0 where that is not known before: with steps
 * of its own choice (dpm_adaptive), and for a sampler made by _from_step. */
QUELL_API size_t quell_sampler_evaluations(const quell_sampler *sampler);

/* A digest of all that decides on samples but for the run: the denoiser's (quell_denoiser_digest),
 * the plan with its coefficients, the grid, the schedule, the bounds and the law of x_1. Of the
 * host's own schedule it has the grid, of its own step only that there is one. 0 for NULL.
 * Thread-safe. */
QUELL_API uint64_t quell_sampler_digest(const quell_sampler *sampler);

/* Prints the plan as text into buffer[size], always terminated; returns the length that the whole
 * text has, as snprintf does. For a sampler made by _from_step these are its STEPs alone. */
QUELL_API size_t quell_sampler_print(const quell_sampler *sampler, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
