/* SPDX-License-Identifier: MIT */
/* Runs: what is drawn, how, and the calls that do it. */
#ifndef QUELL_RUN_H
#define QUELL_RUN_H

#include <stddef.h>
#include <stdint.h>
#include <quell/grid.h>
#include <quell/sampler.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is drawn: with the sampler, all that decides on the samples. Start from
 * quell_draw_defaults().
 *
 * seed, first, count: samples first .. first + count - 1 of the stream `seed`, at most number
 *   2^64 - 2 (0, 0, 1). Sample i has the same bits in whatever run it is drawn. On the way from t
 *   to s it meets the noise of (seed, t, s), see quell_noise_key: runs that follow each other in
 *   time may share a seed.
 * classes: for denoisers with classes alone, classes[count], the class of each sample, from 0 on,
 *   or -1 for none; NULL: none for all, which is refused where guidance is away from no class.
 * context: what denoisers (quell_call) and steps (quell_transition_context) of the caller's are
 *   told, for what belongs to these samples and not to them; NULL.
 *
 * One draw serves all the calls below for the same samples, so each takes what it has no use for:
 * quell_sample_prior the classes, quell_denoise the seed, and so does quell_sample_from with a
 * sampler that draws no noise; nobody need ask for the context. */
typedef struct quell_draw {
    size_t size;
    uint64_t seed;
    uint64_t first;
    size_t count;
    const int32_t *classes;
    void *context;
} quell_draw;

/* One sample, the first of stream 0. */
static inline quell_draw quell_draw_defaults(void)
{
    quell_draw draw;
    draw.size = sizeof draw;
    draw.seed = 0;
    draw.first = 0;
    draw.count = 1;
    draw.classes = NULL;
    draw.context = NULL;
    return draw;
}

/* Where a run is.
 *
 * done, total: transitions, over all samples. */
typedef struct quell_progress {
    uint64_t done;
    uint64_t total;
} quell_progress;

/* Called from time to time (some 20 to 40 times a second), by one thread at a time, not always the
 * same; the thread that called quell has its turn at least every 50 ms, if it works at the run and
 * a transition of a tile takes no longer. Returns 0 to go on, > 0 to stop the run, < 0 for an
 * error. */
typedef int quell_progress_fn(void *user, const quell_progress *progress);

/* Sees every tile after every transition: x[rows][dim] = x_s at the point s, of the samples from
 * number `first` to number first + rows - 1. Called from many threads. Must not write to x. Returns
 * as quell_progress_fn. */
typedef int quell_observe_fn(void *user, size_t transition, const quell_point *s, uint64_t first,
                             size_t rows, const float *x);

/* A host's own parallel-for: calls body(data, i) once for every i in 0..workers-1, from any
 * threads, together or one after the other, and returns when all are done. Returns 0, or < 0 if
 * it could not run them all. The run fails, with QUELL_DENOISER_FAILED, where an i is left out, is
 * called twice or is none of 0..workers-1. */
typedef int quell_parallel_fn(void *host, size_t workers, void (*body)(void *data, size_t i),
                              void *data);

/* How it is drawn: nothing here changes a bit of a sample. Start from quell_run_defaults().
 *
 * threads: at most this many; 0: what OpenMP, the affinity mask and the cgroup allow. Inside a
 *   parallel region of the host, 1. A region of OpenMP's, where it is certain to have its threads,
 *   else threads of quell's own, fewer where the system does not give them all. docs/guest.md.
 * parallel, host: the host's own threads in place of quell's; `threads` workers, then not 0.
 * isa: instruction set by name; NULL: quell_isa_default().
 * tile: rows a thread takes at a time, at most; 0: chosen to fit the cache. Samplers whose steps
 *   depend on the sample take one.
 * progress, progress_user: called as the run goes on, with progress_user; NULL: none.
 * observe, observe_user: sees every tile after every transition; NULL: none.
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

/* On all threads, unwatched. */
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

/* Draws samples: x[count][dim] = x_0. That is quell_sample_prior and then quell_sample_from. `draw`
 * and `run` may be NULL for the defaults, here and below. A run that is refused
 * (QUELL_BAD_ARGUMENT, QUELL_NOT_FOUND, ...) leaves x as it was; one that fails on the way
 * (QUELL_STOPPED, QUELL_DENOISER_FAILED, QUELL_NOT_FINITE, QUELL_NO_MEMORY, ...) leaves a mixture
 * of finished and unfinished samples in it, and quell_error_sample() says where it was.
 * Thread-safe: several runs on one sampler may go on at once. */
QUELL_API quell_status quell_sample(const quell_sampler *sampler, const quell_draw *draw,
                                    const quell_run *run, float *x);

/* Draws x_1 alone, from the prior N(alpha m, alpha^2 v + sigma^2) at the sampler's first time, with
 * m = prior_mean and v = prior_variance, into x[count][dim]. Thread-safe. */
QUELL_API quell_status quell_sample_prior(const quell_sampler *sampler, const quell_draw *draw,
                                          const quell_run *run, float *x);

/* Samples from an x_1 of the caller's: takes x[count][dim] to x_0 in place. Failures are those of
 * quell_sample. Thread-safe. */
QUELL_API quell_status quell_sample_from(const quell_sampler *sampler, const quell_draw *draw,
                                         const quell_run *run, float *x);

/* One transition: takes x[count][dim] from x_t to x_s in place, 1 >= t >= s >= 0. t = s leaves x
 * as it is. Steps over the times of a grid, all with the same draw, give what quell_sample_from
 * gives, but for methods that remember earlier steps. The same step has the same noise: whoever
 * goes through an interval a second time, and wants other noise there, takes another seed.
 * Thread-safe. */
QUELL_API quell_status quell_step(const quell_sampler *sampler, const quell_draw *draw,
                                  const quell_run *run, double t, double s, float *x);

/* out[count][dim] = E[X | x_t = x]; out may be x, but must not overlap it in part. Thread-safe. */
QUELL_API quell_status quell_denoise(const quell_sampler *sampler, const quell_draw *draw,
                                     const quell_run *run, double t, const float *x, float *out);

#ifdef __cplusplus
}
#endif
#endif
