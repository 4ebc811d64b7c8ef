/* SPDX-License-Identifier: MIT */
/* Samplers: they take x_1 to x_0 in T transitions of a reverse process. */
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
 * may use it: several runs on one sampler may go on at once. It holds its denoiser and its
 * schedule. */
typedef struct quell_sampler quell_sampler;

/* What a sampler is created with. Start from quell_sampler_defaults().
 *
 * steps: the number of steps, T, from 1 to 10^6. 0 stands for 64. A sampler that
 *   chooses its own steps takes 0 or 1, which are the same (0).
 * start, stop: the first and the last time, 1 >= start > stop >= 0 (1, 0).
 * times: the times of the grid, steps + 1 values that fall, in place of start, stop and grid. grid
 *   must then be NULL, and start and stop have their defaults or be the first and the last of
 *   them. NULL: none (NULL).
 * clamp_low, clamp_high: bounds that the denoiser's output is clamped to, from below and from above
 *   (-infinity, infinity).
 * prior_dim, prior_mean, prior_variance: the mean E[X] and the variance V[X] for
 *   quell_sample_prior, each of one value (prior_dim = 1) or of one per element (prior_dim = dim).
 *   Copied. prior_mean = NULL stands for 0 and prior_variance = NULL for 1, which is near enough
 *   only where x is nearly noise: if both are NULL, quell_sample_prior and quell_sample are refused
 *   where the first point has more of X. At the schedule's end, and where alpha / sigma is within
 *   1% of that there, the limit is alpha > sigma / 4; at any other point, which start, times or
 *   sigmas chose, it is alpha >= 0.01 sigma. Where alpha is 0 at the first point nothing of X is
 *   left, and a mean or a variance that is given is refused (1, NULL, NULL).
 * grid: how the steps are placed in time, from start to stop, "NAME[:KEY=VALUE,...]" (grid.h).
 *   NULL: "linear". Refused for a sampler that chooses its own steps (NULL).
 * brownian: 1 if the noise of a step is an increment of a Brownian path: with the same seed, more
 *   steps then refine the same path (quell_plan_noise, quell_noise_brownian). 0 if each step has
 *   noise of its own, which is faster: an increment is a sum of some 40 normals, fewer where times
 *   have few binary digits. 1 is refused for a sampler that would draw no noise even on the whole
 *   way from 1 to 0 (0).
 * sigmas: the grid by its values of sigma / alpha, steps + 1 values that fall, in place of start,
 *   stop and grid, as with times. They lie within those of the schedule, except a last one of 0. A
 *   value up to 1% beyond an end of the schedule is taken for that end, because published lists
 *   are rounded. NULL: none (NULL).
 * threshold: dynamic thresholding of the denoiser's output (Saharia et al., 2205.11487, section
 *   2.3): with s the larger of 1 and this quantile of a sample's |E[X | x_t]|, the sample is
 *   clipped to [-s, s] and divided by s. From 0 to 1; the paper uses high ones, as 0.995. 0: none.
 *   Refused together with a clamp (0).
 * threshold_max: the upper bound on s, >= 1; diffusers' sample_max_value. Only with a threshold
 *   (infinity).
 *
 * An option that would have no effect with the rest is refused, and named; this is decided here for
 * all languages and for the command. A value that does what it says is taken, even where another
 * one would do the same: a grid of one step, or a clamp that nothing reaches. */
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

/* Returns the defaults: 64 steps of the linear grid from 1 to 0, or the sampler's own steps; no
 * bounds, noise by step. */
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

/* Creates a sampler by its name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]". In brackets are the
 * papers, and = stands before the names that other libraries have for a method.
 *
 *   classics        ddpm (2006.11239), ddim (2010.02502)
 *   single steps    euler, heun, dpm2 (2206.00364, with churn), heunpp2, dpm_single (2206.00927 and
 *                   2211.01095), res_2s (2308.02157), euler_a, dpm2_a, dpmpp_2s_a, ito, restart
 *                   (2306.14878)
 *   multistep       exponential Adams-Bashforth methods on the data, xeab (2211.01095; = dpmpp_2m,
 *                   dpmpp_3m), or on the noise, zeab (2206.00927, 2204.13902; = deis); the same
 *                   without exponentials, zab (= lms) and, on the velocity, vab; azula's reab;
 *                   ipndm, ipndm_v, pndm (2202.09778), unipc (2302.04867), res_multistep,
 *                   gradient_estimation (2306.04848)
 *   stochastic      dpmpp_sde, dpmpp_2m_sde, dpmpp_3m_sde, sa_solver (2309.05019), er_sde
 *                   (2309.06169), seeds2, seeds3 (2305.14267), pc (2011.13456)
 *   adaptive        dpm_adaptive, in which each sample chooses its steps, from start to stop or
 *                   between two times or sigmas
 *   distilled       lcm (2310.04378), tcd (2402.19159), consistency (2303.01469)
 *
 * quell_list has the options of each, and `quell list samplers NAME` prints them; docs/samplers.md
 * says when to take which. An alias such as "dpmpp_2m" is a name, too. A step by quell_step is a
 * grid of one step: a multistep method has no earlier steps to use there.
 *
 * options may be NULL for the defaults. All coefficients are computed here. Fails with
 * QUELL_NOT_FOUND for an unknown name, and with QUELL_BAD_ARGUMENT for a wrong option or grid.
 * Thread-safe. */
QUELL_API quell_status quell_sampler_create(quell_sampler **sampler, const char *spec,
                                            const quell_denoiser *denoiser,
                                            const quell_schedule *schedule,
                                            const quell_sampler_options *options);

/* Creates a sampler from the caller's own builder (plan.h). `build` is called here for the whole
 * grid, and by quell_step for one transition. `release` (quell_release_fn) frees `user`, or is
 * NULL. Errors are those of quell_sampler_create, and those of the builder. Thread-safe. */
QUELL_API quell_status quell_sampler_from_builder(quell_sampler **sampler, quell_build_fn *build,
                                                  void *user, quell_release_fn *release,
                                                  const quell_denoiser *denoiser,
                                                  const quell_schedule *schedule,
                                                  const quell_sampler_options *options);

/* Creates a sampler from the caller's own transition (transition.h), for any grid and for
 * quell_step. `release` and the errors are as in quell_sampler_from_builder. Thread-safe. */
QUELL_API quell_status quell_sampler_from_step(quell_sampler **sampler, quell_step_fn *step,
                                               void *user, quell_release_fn *release,
                                               const quell_denoiser *denoiser,
                                               const quell_schedule *schedule,
                                               const quell_sampler_options *options);

/* Gives up the caller's hold on a sampler; NULL is allowed. */
QUELL_API void quell_sampler_free(quell_sampler *sampler);

/* Return the number of elements of a sample, and the number of transitions, T. Thread-safe. */
QUELL_API size_t quell_sampler_dim(const quell_sampler *sampler);
QUELL_API size_t quell_sampler_steps(const quell_sampler *sampler);

/* Returns the grid: points[0], ..., points[T], from the first time to the last. Transition i goes
 * from points[i] to points[i + 1]. They are valid as long as the sampler; NULL for NULL.
 * Thread-safe. */
QUELL_API const quell_point *quell_sampler_grid(const quell_sampler *sampler);

/* Returns how often the denoiser is evaluated for one sample. 0 if that is not known in advance:
 * for dpm_adaptive, in which each sample chooses its steps, and for a sampler made by _from_step.
 * Thread-safe. */
QUELL_API size_t quell_sampler_evaluations(const quell_sampler *sampler);

/* Returns a digest of all that the samples depend on, apart from quell_draw: the denoiser
 * (quell_denoiser_digest), the plan with its coefficients, the grid, the schedule, the bounds and
 * the law of x_1. Of a schedule of the caller's own only the points of the grid are known,
 * and of a step of the caller's own only that there is one: two different ones have the same
 * digest. 0 for NULL. Thread-safe. */
QUELL_API uint64_t quell_sampler_digest(const quell_sampler *sampler);

/* Prints the plan as text into buffer[size], and ends it with a zero byte. Returns the length of
 * the whole text, as snprintf does. The plan of a sampler made by _from_step has STEPs only.
 * Thread-safe. */
QUELL_API size_t quell_sampler_print(const quell_sampler *sampler, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
