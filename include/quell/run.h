/* SPDX-License-Identifier: MIT */
/* Runs: what is drawn, how it is drawn, and the functions that draw. */
#ifndef QUELL_RUN_H
#define QUELL_RUN_H

#include <stddef.h>
#include <stdint.h>
#include <quell/condition.h>
#include <quell/function.h>
#include <quell/grid.h>
#include <quell/sampler.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is drawn. With a denoiser that is reproducible (quell_denoiser_reproducible), samples depend
 * on this and on the sampler, and on nothing else. Start from quell_draw_defaults().
 * The members are in six groups: which samples are drawn, by one seed; the same, by lists; what the
 * samples are told; what guidance leads away from; what the caller's functions are handed; whether
 * there are more samples than these.
 *
 * seed, first, count: the seed, the index of the first sample, and how many samples: draws the
 *   samples first, ..., first + count - 1 of this seed, up to index 2^64 - 2. With such a denoiser
 *   sample i has the same bits in every run. Each interval of times has noise of its own
 *   (quell_noise_key), so a run from 1 to 0.5 and one from 0.5 to 0 may have the same seed
 *   (0, 0, 1).
 *
 * seeds, indices: seeds[count] and indices[count], a seed and an index for each sample, so that one
 *   draw can have samples of several seeds: the i-th of the draw is then number indices[i] of the
 *   seed seeds[i], with the bits that it has in a draw of its own. Where seeds are given, `seed`
 *   must be 0; where indices are given, `first` must be 0. With seeds alone, all samples have the
 *   index `first`; with indices alone, all have the seed `seed`. An index is at most 2^64 - 2. The
 *   same seed and index may be there more than once, with other classes or conditions for the same
 *   noise (NULL, NULL).
 *
 * classes: classes[count], the class of each sample, from 0 on, or -1 for none. It is refused for a
 *   denoiser that has no classes. NULL: no sample has a class; a denoiser that is guided by itself
 *   then needs conditions, or negative classes or conditions (NULL).
 * conditions, condition_count: the conditions of the samples, and how many there are: each that the
 *   denoiser takes (quell_denoiser_condition), once and in any order, with values[size] for all
 *   samples or values[count][size] (quell_condition). Where values is NULL, the samples are without
 *   that condition: the denoiser's file or options say what stands for it (NULL, 0).
 *
 * negative_classes: negative_classes[count], the class that guidance leads away from, in place of
 *   no class, where a denoiser is guided by itself; -1 for none. A sample whose own class and
 *   conditions are those that guidance leads away from is not changed by guidance; a draw in which
 *   this is so for all samples is refused, unless it is a part (NULL).
 * negative_conditions, negative_condition_count: the conditions that such guidance leads away from,
 *   in place of none of them, and how many there are: some or all, in the form of `conditions`
 *   (NULL, 0).
 *
 * context: a pointer that the denoisers, steps and observers of the caller's are handed
 *   (quell_call.context): for data that belongs to these samples, and not to the function (NULL).
 *
 * part: 1 if these samples are a part of a larger set, such as a batch of a long run: then guidance
 *   need not change any of them. It changes no bit of a sample. 0: they are all there are (0).
 *
 * One draw serves all the calls below. What a call has no use for is ignored: the classes in
 * quell_sample_prior; the seed in quell_denoise, and in quell_sample_from and quell_step with a
 * sampler that draws no noise. */
typedef struct quell_draw {
    size_t size;

    uint64_t seed;
    uint64_t first;
    size_t count;

    const uint64_t *seeds;
    const uint64_t *indices;

    const int32_t *classes;
    const quell_condition *conditions;
    size_t condition_count;

    const int32_t *negative_classes;
    const quell_condition *negative_conditions;
    size_t negative_condition_count;

    void *context;

    int part;
} quell_draw;

/* Returns the defaults: one sample, number 0 of seed 0. */
static inline quell_draw quell_draw_defaults(void)
{
    quell_draw draw;
    draw.size = sizeof draw;
    draw.seed = 0;
    draw.first = 0;
    draw.count = 1;
    draw.seeds = NULL;
    draw.indices = NULL;
    draw.classes = NULL;
    draw.conditions = NULL;
    draw.condition_count = 0;
    draw.negative_classes = NULL;
    draw.negative_conditions = NULL;
    draw.negative_condition_count = 0;
    draw.context = NULL;
    draw.part = 0;
    return draw;
}

/* How far a run is.
 *
 * done, total: how many transitions are done, and how many there are, over all samples. */
typedef struct quell_progress {
    uint64_t done;
    uint64_t total;
} quell_progress;

/* Is called with a run's progress, some 20 to 40 times a second. Any thread of the run may call it,
 * one at a time. If the thread that called quell takes part in the run, that thread calls the
 * function at least every 50 ms, but never within an instruction of a network or, without a
 * network, within one transition of a tile. Returns as a quell_denoise_fn: 0 to go on, > 0 to stop
 * the run, < 0 for an error. */
typedef int quell_progress_fn(void *user, const quell_progress *progress);

/* Is called with every tile after every transition: x[told->rows][told->dim] is x_s at the point s,
 * where transition number `transition`, from 0 on, has led. `told` is what a denoiser from a
 * function would be told of these rows at s: which samples they are, their classes, conditions,
 * seeds and indices, and the context; it is valid during the call. The function is called from many
 * threads at once, and must not write to x. Returns as a quell_denoise_fn: 0 to go on, > 0 to stop
 * the run, < 0 for an error. */
typedef int quell_observe_fn(void *user, size_t transition, const quell_point *s,
                             const quell_call *told, const float *x);

/* A host's own parallel-for: calls body(data, i) once for every i from 0 to workers - 1, from any
 * threads, at the same time or one after the other, and returns when all are done. Returns 0, or
 * any other number if it could not run them all. If it leaves an i out, or calls one twice or one
 * out of that range, the run fails with QUELL_DENOISER_FAILED. */
typedef int quell_parallel_fn(void *host, size_t workers, void (*body)(void *data, size_t i),
                              void *data);

/* How it is drawn. Nothing here changes a bit of a sample. Start from quell_run_defaults().
 *
 * threads: the upper bound on the number of threads, at most 65536. 0: as many as OMP_NUM_THREADS,
 *   the affinity mask and the cgroup allow, and 1 inside a parallel region of the host.
 *   docs/guest.md says which threads these are (0).
 * parallel, host: the host's own parallel-for and its first argument, in place of quell's threads;
 *   `threads` is then the number of workers, and not 0. NULL: quell's threads (NULL, NULL).
 * isa: the name of the instruction set. NULL: quell_isa_default() (NULL).
 * tile: how many samples a thread draws at a time, at most; where each sample chooses its own
 *   steps, that is one in any case. 0: as many as fit its cache (0).
 * progress, progress_user: a function that is told of the progress, and its first argument. NULL:
 *   none (NULL, NULL).
 * observe, observe_user: a function that sees every tile after every transition, and its first
 *   argument. NULL: none (NULL, NULL).
 *
 * host, progress_user and observe_user are refused without their functions. Like a draw, a run
 * serves all calls: quell_sample_prior and quell_denoise have no transitions to tell of. */
typedef struct quell_run {
    size_t size;
    size_t threads;
    quell_parallel_fn *parallel;
    void *host;
    const char *isa;
    size_t tile;
    quell_progress_fn *progress;
    void *progress_user;
    quell_observe_fn *observe;
    void *observe_user;
} quell_run;

/* Returns the defaults: as many threads as the machine allows, and no function that watches. */
static inline quell_run quell_run_defaults(void)
{
    quell_run run;
    run.size = sizeof run;
    run.threads = 0;
    run.parallel = NULL;
    run.host = NULL;
    run.isa = NULL;
    run.tile = 0;
    run.progress = NULL;
    run.progress_user = NULL;
    run.observe = NULL;
    run.observe_user = NULL;
    return run;
}

/* Draws samples and writes them to x[count][dim]: quell_sample_prior, and then quell_sample_from.
 * `draw` and `run` may be NULL for the defaults, here and below. A run that is refused
 * (QUELL_BAD_ARGUMENT, QUELL_NOT_FOUND, ...) leaves x as it was. A run that fails on the way
 * (QUELL_STOPPED, QUELL_DENOISER_FAILED, QUELL_NOT_FINITE, QUELL_NO_MEMORY, ...) leaves finished
 * and unfinished samples in x; quell_error_sample() says in which sample it failed, if in one.
 * Thread-safe: several runs on one sampler may go on at once. */
QUELL_API quell_status quell_sample(const quell_sampler *sampler, const quell_draw *draw,
                                    const quell_run *run, float *x);

/* Draws the initial states only, from N(alpha m, alpha^2 v + sigma^2) at the sampler's first time,
 * with m = prior_mean and v = prior_variance, and writes them to x[count][dim]. Errors are those of
 * quell_sample. Thread-safe. */
QUELL_API quell_status quell_sample_prior(const quell_sampler *sampler, const quell_draw *draw,
                                          const quell_run *run, float *x);

/* Draws samples from initial states of the caller's: takes x[count][dim] from the sampler's first
 * time to its last in place. A value of x that is not finite fails with QUELL_NOT_FINITE, here and
 * below, and the message says which one it is. Other errors are those of quell_sample. Thread-safe.
 */
QUELL_API quell_status quell_sample_from(const quell_sampler *sampler, const quell_draw *draw,
                                         const quell_run *run, float *x);

/* Makes one transition: takes x[count][dim] from x_t to x_s in place, 1 >= t >= s >= 0. If t = s, x
 * stays as it is. Steps over the times of a grid, all with the same draw, give what
 * quell_sample_from gives, except for methods that use earlier steps. The same step has the same
 * noise: take another seed to go through an interval a second time with other noise. Errors are
 * those of quell_sample. Thread-safe. */
QUELL_API quell_status quell_step(const quell_sampler *sampler, const quell_draw *draw,
                                  const quell_run *run, double t, double s, float *x);

/* Evaluates the denoiser: out[count][dim] = E[X | x_t = x] for x[count][dim], as the sampler uses
 * it: with its clamp or its threshold. `out` may be x, but must not overlap it in part. Errors are
 * those of quell_sample. Thread-safe. */
QUELL_API quell_status quell_denoise(const quell_sampler *sampler, const quell_draw *draw,
                                     const quell_run *run, double t, const float *x, float *out);

#ifdef __cplusplus
}
#endif
#endif
