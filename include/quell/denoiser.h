/* SPDX-License-Identifier: MIT */
/* Denoisers: x_t -> E[X | X_t = x_t] under p(X_t | X) = N(alpha_t X, sigma_t^2 I).
 *
 * All denoisers here, except those from functions, are reproducible: a sample has the same bits
 * whatever the machine, the threads and the batch (a covariance is turned into an eigenbasis first,
 * whose last bits are the machine's). All but those from functions and guided ones give this mean
 * to rounding. Their constructors copy what they are given. Parameters are double, samples float. A
 * constructor fails with QUELL_BAD_ARGUMENT, and a message that names the parameter, if one is out
 * of its range, and with QUELL_NO_MEMORY. All functions here are thread-safe. */
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

/* X ~ N(mean, covariance): mean[dim] or NULL, covariance[dim][dim] symmetric and positive
 * semi-definite. LAPACK computes the eigenbasis here, once. Its last bits depend on the machine:
 * store it (quell_denoiser_eigenbasis) if samples must agree between machines. Fails with
 * QUELL_UNSUPPORTED if no LAPACK is installed, and with QUELL_NO_MEMORY if LAPACK cannot have the
 * address space that it needs. */
QUELL_API quell_status quell_denoiser_from_covariance(quell_denoiser **denoiser, size_t dim,
                                                      const double *mean, const double *covariance);

/* The same from an eigenbasis: covariance = sum_i values[i] v_i v_i^T, where v_i is row i of
 * vectors[dim][dim]. The rows must be orthonormal to 1e-5, and values >= 0. */
QUELL_API quell_status quell_denoiser_from_eigenbasis(quell_denoiser **denoiser, size_t dim,
                                                      const double *mean, const double *values,
                                                      const double *vectors);

/* Copies the eigenbasis of a denoiser made by _from_covariance or _from_eigenbasis to values[dim]
 * and vectors[dim][dim], in the form that quell_denoiser_from_eigenbasis takes. Either may be NULL.
 * Fails with QUELL_BAD_ARGUMENT for any other denoiser. */
QUELL_API quell_status quell_denoiser_eigenbasis(const quell_denoiser *denoiser, double *values,
                                                 double *vectors);

/* X ~ sum_k weights[k] N(means[k], variances[k] I): weights[components] > 0, which are normalised,
 * means[components][dim], variances[components] >= 0. The logarithm of a posterior weight is a sum
 * over dim elements, and its rounding error is up to 4e-7 dim: where components overlap in 10^5
 * elements, a weight has two correct digits. */
QUELL_API quell_status quell_denoiser_from_mixture(quell_denoiser **denoiser, size_t components,
                                                   size_t dim, const double *weights,
                                                   const double *means, const double *variances);

/* The same with diagonal covariances: variances[components][dim]. */
QUELL_API quell_status quell_denoiser_from_diagonal_mixture(quell_denoiser **denoiser,
                                                            size_t components, size_t dim,
                                                            const double *weights,
                                                            const double *means,
                                                            const double *variances);

/* X uniform over the rows of points[count][dim], which must be finite. The posterior mean is
 *
 *     sum_j w_j points[j],   w = softmax_j(-|x_t - alpha_t points[j]|^2 / (2 sigma_t^2))
 *
 * and needs sigma_t > 0. */
QUELL_API quell_status quell_denoiser_from_points(quell_denoiser **denoiser, size_t count,
                                                  size_t dim, const float *points);

/* The values of one condition: a real array by name that a denoiser is told beside x, the time and
 * the class, such as an energy, a text embedding or a coarse field. It has three uses: what a draw
 * gives (quell_draw), what a function is told (quell_call), and what a function takes
 * (quell_function_options).
 *
 * name: the name of the condition.
 * values: values[count][size], all finite.
 * count: 0 or 1, so that all samples have the same values, or the number of samples: values[i] are
 *   those of sample i.
 * size: the number of elements of the condition, the product of its shape. */
typedef struct quell_condition {
    const char *name;
    const float *values;
    size_t count;
    size_t size;
} quell_condition;

/* The greatest number of conditions of a denoiser. */
#define QUELL_MAX_CONDITIONS 32

/* What quell tells a denoiser from a function with each call. Only quell makes this struct, which
 * therefore has no size and may grow at its end: a function that was compiled for an older quell
 * reads the members that it knows.
 *
 * first: the index of the sample in row 0; row r is sample first + r. Where `indices` is not NULL,
 *   these are the indices, and row 0 is number first - quell_draw.first of the draw.
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
 * conditions: those of the rows, in the order of quell_function_options.conditions and as many: the
 *   `count` of each is 1 or `rows`. NULL if the function takes none.
 * seeds: seeds[rows], the seed of each row; NULL: all have quell_draw.seed.
 * indices: indices[rows], the index of each row's sample; NULL: row r is sample first + r. */
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
} quell_call;

/* A denoiser of the caller's: reads input[rows][dim] and writes output[rows][dim], which do not
 * overlap. Returns 0 to go on, < 0 for an error (the run ends with QUELL_DENOISER_FAILED), or > 0
 * to stop (QUELL_STOPPED). */
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
 *   threads. 1: it is called once for all samples of the run, in the thread that called quell (0).
 * reproducible: 1 if row r of the output depends only on row r of the input and on the sample's
 *   index, to the last bit; samples then have the same bits in every run (0).
 * variance: what the function has learned of the variance, and writes to quell_call.variance
 *   ("none").
 *     "none"           nothing
 *     "learned_range"  v in [-1, 1] for each element, which interpolates between the logarithms
 *                      of the least (-1) and the greatest variance (Nichol & Dhariwal,
 *                      2102.09672, eq. 15; diffusers' variance_type)
 * release: what frees `user` (quell_release_fn), or NULL (NULL).
 * classes: the number of classes, which quell_draw.classes may ask for; 0: it has none (0). If such
 *   a function is guided by itself, it must also have learned to do without a class.
 * digest: a number of the caller's that says what the function computes, such as a digest of its
 *   weights; it becomes a part of quell_denoiser_digest, which cannot read a function (0).
 * conditions, condition_count: the conditions that the function takes, and how many there are. Each
 *   has a name and a size. If samples may be without it, values[size], with count 1, are what the
 *   function is told for them; else values is NULL, and count 0. Copied (NULL, 0). */
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
 * is the first argument of each call. */
QUELL_API quell_status quell_denoiser_from_function(quell_denoiser **denoiser, size_t dim,
                                                    quell_denoise_fn *function, void *user,
                                                    const quell_function_options *options);

/* How a denoiser is guided. Start from quell_guidance_defaults().
 *
 * weight: w; 1 is no guidance, and a greater w leads further away from the guide. Where w is 1, a
 *   guide other than NULL, low and high would have no effect and are refused (2).
 * low, high: the denoiser is guided at times from low to high, 0 <= low <= high <= 1
 *   (Kynkaanniemi et al., 2404.07724); a sampler that evaluates at none of them is refused (0, 1).
 * points, times, weights: w as a function of the time, in place of `weight`, which must then be
 *   left at its default: weights[i] at times[i], i < points, linear in between, and constant before
 *   the first and after the last. The times rise within [0, 1]; points <= 10^6. Copied (0, NULL,
 *   NULL).
 * rescale: phi in [0, 1]: how far the deviation of mu is kept, because great weights make contrasts
 *   too strong. The guided mean mu' becomes phi mu' s / s' + (1 - phi) mu', where s and s' are the
 *   standard deviations of mu and mu' over the elements of the sample (Lin et al., 2305.08891, eq.
 *   15 and 16, where it is done to what the network returns) (0). */
typedef struct quell_guidance {
    size_t size;
    double weight;
    double low;
    double high;
    size_t points;
    const double *times;
    const double *weights;
    double rescale;
} quell_guidance;

/* Returns the defaults: a weight of 2 at all times. */
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
    guidance.rescale = 0;
    return guidance;
}

/* Creates a denoiser that gives w mu + (1 - w) mu_guide, where mu = E[X | x_t] is what `denoiser`
 * gives for the classes and conditions of the run, and mu_guide is what the guide gives:
 *
 *   NULL             the denoiser itself for no class and no conditions, which it must have learned
 *                    (classifier-free guidance, Ho & Salimans, 2207.12598; their w is w - 1), or
 *                    for the negative classes and conditions of the run (quell_draw). A run with
 *                    neither classes nor conditions is refused: mu_guide would be mu
 *   a denoiser       another one of the same dim (autoguidance, Karras et al., 2406.02507). It is
 *                    told the classes of the run if it has as many as `denoiser`, and those of the
 *                    conditions that it takes. `denoiser` itself is refused: mu_guide would be mu
 *
 * The new denoiser holds both. Functions with whole_batch can be neither: QUELL_UNSUPPORTED. */
QUELL_API quell_status quell_denoiser_from_guidance(quell_denoiser **guided,
                                                    const quell_denoiser *denoiser,
                                                    const quell_denoiser *guide,
                                                    const quell_guidance *guidance);

/* Return the number of elements of a sample; 1 if the denoiser is reproducible, else 0; and its
 * kind, a static string ("isotropic", "mixture", "empirical", "function", ...). */
QUELL_API size_t quell_denoiser_dim(const quell_denoiser *denoiser);
QUELL_API int quell_denoiser_reproducible(const quell_denoiser *denoiser);
QUELL_API const char *quell_denoiser_kind(const quell_denoiser *denoiser);

/* Returns the number of classes, which quell_draw.classes may ask for; 0 if it has none. */
QUELL_API size_t quell_denoiser_classes(const quell_denoiser *denoiser);

/* Returns the number of conditions that the denoiser takes. A run must name each of them, with its
 * values or, if samples may be without it, with none (quell_draw.conditions). */
QUELL_API size_t quell_denoiser_conditions(const quell_denoiser *denoiser);

/* Returns the name of the i-th of them, and sets the rank and the shape of its values, unless these
 * are NULL. All are valid as long as the denoiser. NULL if there is no i-th one. */
QUELL_API const char *quell_denoiser_condition(const quell_denoiser *denoiser, size_t i,
                                               size_t *rank, const size_t **shape);

/* Returns a digest of all that the denoiser's output depends on, to the last bit: every weight,
 * mean, variance and point, the options, the guidance, and the denoisers that it is made of. A
 * function cannot be read: its options stand for it, with their `digest`. In one version of quell,
 * two denoisers with the same digest give the same samples (up to a chance of 2^-64), whatever
 * files they came from, on any machine; another version may have another digest. It is computed
 * when it is first asked for, at the speed of reading the memory. 0 for NULL. Thread-safe. */
QUELL_API uint64_t quell_denoiser_digest(const quell_denoiser *denoiser);

/* Gives up the caller's hold on a denoiser; NULL is allowed. */
QUELL_API void quell_denoiser_free(quell_denoiser *denoiser);

#ifdef __cplusplus
}
#endif
#endif
