/* SPDX-License-Identifier: MIT */
/* Functions of the caller's as denoisers: what quell tells them, and how it calls them. */
#ifndef QUELL_FUNCTION_H
#define QUELL_FUNCTION_H

#include <stddef.h>
#include <stdint.h>
#include <quell/condition.h>
#include <quell/denoiser.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What quell tells a denoiser from a function with each call. Only quell makes this struct, which
 * therefore has no size and may grow at its end: a function that was compiled for an older quell
 * reads the members that it knows.
 *
 * first: quell_draw.first + the place of row 0 in the draw, from 0 on. Without lists of seeds and
 *   indices, row r is sample first + r.
 * rows, dim: the shape of input and output.
 * worker, workers: the number of the worker that makes this call, from 0 to workers - 1. Calls with
 *   the same number do not overlap within a run, so it may index scratch memory.
 * t, alpha, sigma: the point of the schedule that the input x_t belongs to.
 * time: the time to give to a network, by the preconditioning; without one it is t.
 * variance: float[rows][dim] to write to, if the function has learned variances and the sampler
 *   needs them; else NULL.
 * context: quell_draw.context.
 * classes: classes[rows], the class of each row, from 0 on, or -1 for none. NULL: no row has
 *   one.
 * conditions: those of the rows, in the order of quell_function_options.conditions and as many. The
 *   `count` of each is 0 if all rows have the same values, else `rows`. NULL if the function takes
 *   none.
 * seeds: seeds[rows], the seed of each row; NULL: all have quell_draw.seed.
 * indices: indices[rows], the index of each row's sample; NULL: row r is sample first + r.
 * condition_count: how many conditions there are. */
typedef struct quell_call {
    uint64_t first;
    size_t rows;
    size_t dim;
    size_t worker;
    size_t workers;
    double t;
    double alpha;
    double sigma;
    double time;
    float *variance;
    void *context;
    const int32_t *classes;
    const quell_condition *conditions;
    const uint64_t *seeds;
    const uint64_t *indices;
    size_t condition_count;
} quell_call;

/* A denoiser as a function: reads input[rows][dim] and writes output[rows][dim], which do not
 * overlap. An element that it does not write may be NaN, as if it had returned that. Returns 0 to
 * go on, < 0 for an error (the run ends with QUELL_DENOISER_FAILED), > 0 to stop (QUELL_STOPPED),
 * or the status of a quell call that failed in it (quell_error_set). */
typedef int quell_denoise_fn(void *user, const quell_call *call, const float *input, float *output);

/* How quell calls a function as a denoiser. Start from quell_function_defaults().
 *
 * output: what the function's output is ("x0").
 *     "x0"     E[X | x_t]
 *     "eps"    E[Z | x_t], x_t = alpha X + sigma Z           (Ho et al., 2006.11239)
 *     "v"      alpha E[Z | x_t] - sigma E[X | x_t]           (Salimans & Ho, 2202.00512)
 *     "score"  grad log p(x_t) = -E[Z | x_t] / sigma         (Song et al., 2011.13456)
 *     "flow"   E[Z | x_t] - E[X | x_t]                       (Lipman et al., 2210.02747)
 * precondition: how its input and time are made of x_t and t, and E[X | x_t] of its output, as in
 *   azula (azula/denoise.py 0.11.1) ("none").
 *     "none"    input x_t, time t
 *     "simple"  input x_t / sqrt(alpha^2 + sigma^2), time log(sigma / alpha)
 *     "karras"  as simple; with r = sqrt(alpha^2 + sigma^2) the result is
 *               (alpha x_t / r + sigma output) / r; `output` must be "x0"
 *               (Karras et al., 2206.00364)
 *     "unscaled"  input x_t / alpha = X + (sigma / alpha) Z, time sigma / alpha, as EDM's denoisers
 *     "straight"  input x_t / (alpha + sigma), time sigma / (alpha + sigma), as on straight paths
 * whole_batch: 0 if the function is thread-safe; it is then called for a tile at a time, from many
 *   threads. 1: in each evaluation it is called once for all samples of the run, in the thread that
 *   called quell, or in the queue's own thread (0).
 * reproducible: 1 if row r of the output depends, to the last bit, only on row r of the input, on
 *   the point, and on what the call says of that row (its index, seed, class and conditions), but
 *   on no other row; samples then have the same bits in every run (0).
 * variance: what the function has learned of the variance, and writes to quell_call.variance
 *   ("none").
 *     "none"           nothing
 *     "learned_range"  v in [-1, 1] for each element, which interpolates between the logarithms
 *                      of the least (-1) and the greatest variance (Nichol & Dhariwal,
 *                      2102.09672, eq. 15; diffusers' variance_type). A v beyond is not cut off,
 *                      as it is not in the paper's code; one that makes noise of over 1000 times
 *                      the greatest deviation, or under 1/1000 of the least, fails the run
 * release: what frees `user` (quell_release_fn), or NULL (NULL).
 * classes: the number of classes, which quell_draw.classes may ask for; 0: it has none (0). If such
 *   a function is guided by itself, it must also have learned to do without a class.
 * digest: a number of the caller's that says what the function computes, such as a digest of its
 *   weights; it becomes a part of quell_denoiser_digest, which cannot read a function (0).
 * conditions, condition_count: the conditions that the function takes, and how many there are. Each
 *   has a name, a size, and a count of 0. If samples may be without it, values[size] are what the
 *   function is told for them; else values is NULL. Copied (NULL, 0). */
typedef struct quell_function_options {
    size_t size;
    const char *output;
    const char *precondition;
    int whole_batch;
    int reproducible;
    const char *variance;
    quell_release_fn *release;
    size_t classes;
    uint64_t digest;
    const quell_condition *conditions;
    size_t condition_count;
} quell_function_options;

/* Returns the defaults: output "x0", no preconditioning, called per tile, not reproducible. */
static inline quell_function_options quell_function_defaults(void)
{
    quell_function_options options;
    options.size = sizeof options;
    options.output = "x0";
    options.precondition = "none";
    options.whole_batch = 0;
    options.reproducible = 0;
    options.variance = "none";
    options.release = NULL;
    options.classes = 0;
    options.digest = 0;
    options.conditions = NULL;
    options.condition_count = 0;
    return options;
}

/* Creates a denoiser from a function of the caller's; options may be NULL for the defaults. `user`
 * is the first argument of each call. Errors are those of the constructors in denoiser.h. */
QUELL_API quell_status quell_denoiser_from_function(quell_denoiser **denoiser, size_t dim,
                                                    quell_denoise_fn *function, void *user,
                                                    const quell_function_options *options);

#ifdef __cplusplus
}
#endif
#endif
