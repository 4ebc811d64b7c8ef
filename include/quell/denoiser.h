/* SPDX-License-Identifier: MIT */
/* Denoisers: x_t -> E[X | X_t = x_t] under p(X_t | X) = N(alpha_t X, sigma_t^2 I).
 *
 * All but those from functions are the exact mean but for rounding, thread-safe, copy what they are
 * given, and are reproducible: they keep the promise about bits. Parameters are double; samples are
 * float. A denoiser that cannot be made is QUELL_BAD_ARGUMENT, with a line that says which
 * parameter is out of its range, or QUELL_NO_MEMORY. */
#ifndef QUELL_DENOISER_H
#define QUELL_DENOISER_H

#include <stddef.h>
#include <stdint.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A denoiser: opaque and reference-counted. It never changes once created, and any number of
 * threads may use it. */
typedef struct quell_denoiser quell_denoiser;

/* X ~ N(mean, variance I): mean[dim] or NULL for zeros, variance >= 0. */
QUELL_API quell_status quell_denoiser_from_isotropic(quell_denoiser **denoiser, size_t dim,
                                                     const double *mean, double variance);

/* X ~ N(mean, diag(variances)): mean[dim] or NULL, variances[dim], each >= 0. */
QUELL_API quell_status quell_denoiser_from_diagonal(quell_denoiser **denoiser, size_t dim,
                                                    const double *mean, const double *variances);

/* X ~ N(mean, covariance): mean[dim] or NULL, covariance[dim][dim] symmetric, positive
 * semi-definite. The eigenbasis is worked out here, once, by LAPACK; its last bits depend on the
 * machine, so store it (quell_denoiser_eigenbasis) where samples must agree between machines.
 * QUELL_UNSUPPORTED where no LAPACK is installed, QUELL_NO_MEMORY where it lacks address space. */
QUELL_API quell_status quell_denoiser_from_covariance(quell_denoiser **denoiser, size_t dim,
                                                      const double *mean, const double *covariance);

/* The same from an eigenbasis: covariance = sum_i values[i] v_i v_i^T where row i of
 * vectors[dim][dim] is v_i; the rows are orthonormal to 1e-5, values >= 0. */
QUELL_API quell_status quell_denoiser_from_eigenbasis(quell_denoiser **denoiser, size_t dim,
                                                      const double *mean, const double *values,
                                                      const double *vectors);

/* Copies the eigenbasis of a denoiser made by _from_covariance or _from_eigenbasis to values[dim]
 * and vectors[dim][dim], in the form that quell_denoiser_from_eigenbasis takes; either may be NULL.
 */
QUELL_API quell_status quell_denoiser_eigenbasis(const quell_denoiser *denoiser, double *values,
                                                 double *vectors);

/* X ~ sum_k weights[k] N(means[k], variances[k] I): weights[components] > 0 (they are
 * normalised), means[components][dim], variances[components] >= 0. The logarithm of a posterior
 * weight is of the size of dim, and rounded as such: it is off by up to 4e-7 dim, so that where
 * components overlap in 10^5 elements a weight has two digits. */
QUELL_API quell_status quell_denoiser_from_mixture(quell_denoiser **denoiser, size_t components,
                                                   size_t dim, const double *weights,
                                                   const double *means, const double *variances);

/* The same with diagonal covariances: variances[components][dim]. */
QUELL_API quell_status quell_denoiser_from_diagonal_mixture(quell_denoiser **denoiser,
                                                            size_t components, size_t dim,
                                                            const double *weights,
                                                            const double *means,
                                                            const double *variances);

/* X uniform over the rows of points[count][dim]: the exact posterior mean
 * sum_j w_j points[j], w = softmax_j(-|x_t - alpha_t points[j]|^2 / (2 sigma_t^2)).
 * The points must be finite. Needs sigma_t > 0. */
QUELL_API quell_status quell_denoiser_from_points(quell_denoiser **denoiser, size_t count,
                                                  size_t dim, const float *points);

/* What a denoiser from a function is told when it is called. quell alone makes one, so that it may
 * grow at its end: a function compiled for an older quell reads what it knows.
 *
 * first: index of the sample in row 0, so that row r is sample first + r.
 * rows, dim: the shape of input and output.
 * worker, workers: which worker calls, worker < workers. Calls with one worker number do not
 *   overlap within a run, so it may index scratch memory.
 * t, alpha, sigma: where x_t is on the schedule.
 * time: what a network takes as its time, by the preconditioning; t itself without one.
 * variance: float[rows][dim] to write, if the function learned variances and the sampler wants
 *   them; else NULL.
 * context: quell_draw.context, the caller's own.
 * classes: those of the rows, classes[rows], from 0 on, -1 for none; NULL: none for all. */
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
} quell_call;

/* Reads input[rows][dim] and writes output[rows][dim]. They do not overlap. Returns 0 to go on,
 * < 0 for an error (the run ends with QUELL_DENOISER_FAILED), > 0 to stop (QUELL_STOPPED). */
typedef int quell_denoise_fn(void *user, const quell_call *call, const float *input, float *output);

/* How a function is to be called as a denoiser. Start from quell_function_defaults().
 *
 * output: what it returns.
 *     "x0"     E[X | x_t]
 *     "eps"    E[Z | x_t], x_t = alpha X + sigma Z           (Ho et al., 2006.11239)
 *     "v"      alpha E[Z | x_t] - sigma E[X | x_t]           (Salimans & Ho, 2202.00512)
 *     "score"  grad log p(x_t) = -E[Z | x_t] / sigma         (Song et al., 2011.13456)
 *     "flow"   E[Z | x_t] - E[X | x_t]                       (Lipman et al., 2210.02747)
 * precondition: what is done around it, azula's (azula/denoise.py 0.11.1).
 *     "none"    input x_t, time t
 *     "simple"  input x_t / sqrt(alpha^2 + sigma^2), time log(sigma / alpha)
 *     "karras"  as simple; the result is (alpha x_t / sqrt(a^2 + s^2) + sigma output) /
 *               sqrt(a^2 + s^2); `output` must be "x0"       (Karras et al., 2206.00364)
 * whole_batch: 0, it is thread-safe and called per tile from many threads; 1, it is called once
 *   for all samples of the run, from the calling thread.
 * reproducible: 1 if row r of its output depends on row r of its input and the sample's index
 *   alone, to the last bit; the run then keeps the promise about bits.
 * variance: what it writes to quell_call.variance.
 *     "none"           nothing
 *     "learned_range"  v in [-1, 1] for each element, which interpolates between the logarithms
 *                      of the least (-1) and the greatest variance (Nichol & Dhariwal,
 *                      2102.09672, eq. 15; diffusers' variance_type)
 * release: what frees `user` (quell_release_fn); NULL: nothing to do.
 * classes: how many quell_draw.classes may ask for (0: none). With some, it must also know what to
 *   do without a class, where it is guided by itself.
 * digest: a number of your own that says what the function computes, such as a digest of its
 *   weights (0: none); it goes into quell_denoiser_digest, as a function cannot be read. */
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
} quell_function_options;

/* x0, no preconditioning, per tile, not reproducible, no variance. */
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
    return options;
}

/* A denoiser of the caller's own; options may be NULL for the defaults. */
QUELL_API quell_status quell_denoiser_from_function(quell_denoiser **denoiser, size_t dim,
                                                    quell_denoise_fn *function, void *user,
                                                    const quell_function_options *options);

/* How a denoiser is guided. Start from quell_guidance_defaults().
 *
 * weight: w; 1 is none: the guide is not asked, and samples are those without guidance, so that
 *   weights can be compared from 1 on; more carries further away from the guide (2).
 * low, high: the times within which it is guided, 0 <= low <= high <= 1 (0, 1)
 *   (Kynkaanniemi et al., 2404.07724).
 * points, times, weights: w as a function of the time, in place of weight, which is then left
 * as it is: in straight lines
 * between weights[i] at times[i], i < points, and constant beyond them; times rise, within [0, 1];
 * points is at most 10^6 (0, NULL, NULL). Copied. */
typedef struct quell_guidance {
    size_t size;
    double weight;
    double low;
    double high;
    size_t points;
    const double *times;
    const double *weights;
} quell_guidance;

/* A weight of 2 at all times. */
static inline quell_guidance quell_guidance_defaults(void)
{
    quell_guidance guidance;
    guidance.size = sizeof guidance;
    guidance.weight = 2;
    guidance.low = 0;
    guidance.high = 1;
    guidance.points = 0;
    guidance.times = NULL;
    guidance.weights = NULL;
    return guidance;
}

/* w mu + (1 - w) mu_guide, with mu = E[X | x_t] by `denoiser` for the classes of the run, and
 * mu_guide by `guide`: another denoiser of the same dim, for the same classes if it has as many
 * (autoguidance, Karras et al., 2406.02507); or NULL, the denoiser itself without a class, which it
 * must have learned (classifier-free guidance, Ho & Salimans, 2207.12598; their w is w - 1): then a
 * run must have quell_draw.classes, as without a class both are the same. Both are held. Functions
 * with whole_batch cannot take part. */
QUELL_API quell_status quell_denoiser_from_guidance(quell_denoiser **guided,
                                                    const quell_denoiser *denoiser,
                                                    const quell_denoiser *guide,
                                                    const quell_guidance *guidance);

/* The number of elements of a sample; 1 if the denoiser keeps the promise about bits; its kind
 * ("isotropic", "mixture", "empirical", "function", ...). */
QUELL_API size_t quell_denoiser_dim(const quell_denoiser *denoiser);
QUELL_API int quell_denoiser_reproducible(const quell_denoiser *denoiser);
QUELL_API const char *quell_denoiser_kind(const quell_denoiser *denoiser);

/* The number of classes that samples may be asked for by quell_draw.classes; 0: it has none. */
QUELL_API size_t quell_denoiser_classes(const quell_denoiser *denoiser);

/* A digest of all that decides on the denoiser's answers: every weight, mean, variance and point,
 * options, guidance and what it is made of, to the last bit; of a function its options alone, with
 * their `digest`, as a function cannot be read. Two of one version of quell with the same digest
 * give the same samples (but for a chance of 2^-64), whatever files they came from, on whatever
 * machine; another version may have others. Worked out when it is first asked for, as fast as
 * memory is read; 0 for NULL. Thread-safe. */
QUELL_API uint64_t quell_denoiser_digest(const quell_denoiser *denoiser);

/* Gives up the caller's hold on a denoiser; NULL is allowed. */
QUELL_API void quell_denoiser_free(quell_denoiser *denoiser);

#ifdef __cplusplus
}
#endif
#endif
