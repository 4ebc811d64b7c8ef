/* SPDX-License-Identifier: MIT */
/* Denoisers: x_t -> E[X | X_t = x_t] under p(X_t | X) = N(alpha_t X, sigma_t^2 I). Here are those
 * of laws that are known, and what can be asked of any denoiser; function.h, guidance.h, model.h
 * and onnx.h make others.
 *
 * The denoisers that are made here give this mean to rounding. They are reproducible: a sample has
 * the same bits whatever the machine, the threads and the batch. (A covariance is turned into an
 * eigenbasis first, whose last bits are the machine's.) Constructors copy what they are given.
 * Parameters are double, samples float. dim is from 1 to 2^32; with a covariance or an eigenbasis,
 * to 32766. A constructor fails with QUELL_BAD_ARGUMENT, and a message that names the parameter, if
 * one is out of its range, and with QUELL_NO_MEMORY. All functions here are thread-safe. */
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

/* X ~ N(mean, variance I): mean[dim] or NULL for zeros, variance >= 0. dim is from 1 to 2^32, here
 * and below. A mean of NULL needs as much memory as one that is given. */
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
 * means[components][dim], variances[components] >= 0, components >= 1. The logarithm of a posterior
 * weight is a sum over dim elements, and its rounding error is up to 4e-7 dim: with a dim of 10^5,
 * where x_t is near several components, a weight may be 4% off. */
QUELL_API quell_status quell_denoiser_from_mixture(quell_denoiser **denoiser, size_t components,
                                                   size_t dim, const double *weights,
                                                   const double *means, const double *variances);

/* The same with diagonal covariances: variances[components][dim]. */
QUELL_API quell_status quell_denoiser_from_diagonal_mixture(quell_denoiser **denoiser,
                                                            size_t components, size_t dim,
                                                            const double *weights,
                                                            const double *means,
                                                            const double *variances);

/* X uniform over the rows of points[count][dim], which must be finite; count >= 1. The posterior
 * mean is
 *
 *     sum_j w_j points[j],   w = softmax_j(-|x_t - alpha_t points[j]|^2 / (2 sigma_t^2))
 *
 * and needs sigma_t > 0. */
QUELL_API quell_status quell_denoiser_from_points(quell_denoiser **denoiser, size_t count,
                                                  size_t dim, const float *points);

/* Return the number of elements of a sample; 1 if the denoiser is reproducible, else 0; and its
 * kind, a static string ("isotropic", "mixture", "empirical", "function", ...). For NULL they
 * return 0, 0 and "". */
QUELL_API size_t quell_denoiser_dim(const quell_denoiser *denoiser);
QUELL_API int quell_denoiser_reproducible(const quell_denoiser *denoiser);
QUELL_API const char *quell_denoiser_kind(const quell_denoiser *denoiser);

/* Returns the number of classes, which quell_draw.classes may ask for; 0 if it has none, and for
 * NULL. */
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
