/* SPDX-License-Identifier: MIT */
/* The distance between two sets of the same number of samples.
 *
 * Sliced Wasserstein distance (Bonneel et al., 2015): both sets are projected onto directions. On a
 * line the best transport pairs the i-th smallest value of one set with the i-th smallest of the
 * other, so that
 *
 *     W^2 = mean over directions of mean over i of (a_(i) - b_(i))^2.
 *
 * Errors of the moments: |m_a - m_b| / sqrt(tr C_b) and |C_a - C_b| / |C_b| in the Frobenius norm,
 * of the samples themselves or, if they have more elements than there are directions, of their
 * projections. */
#ifndef QUELL_DISTANCE_DISTANCE_H
#define QUELL_DISTANCE_DISTANCE_H

#include <signal.h>
#include <stddef.h>
#include <quell/status.h>

#define QUELL_DIRECTIONS 64

struct quell_distance {
    double wasserstein, mean, covariance;
};

/* How sets of `count` samples of `dim` elements are measured. directions[dim][QUELL_DIRECTIONS]:
 * each column is a direction of length 1, the same in every comparison. stop: set by a signal,
 * which ends the work early; its result is then of no use. */
struct quell_measure {
    size_t dim, count, threads;
    double *directions;
    const _Atomic sig_atomic_t *stop;
};

/* A set of samples in the form in which it is measured: its projections, each line sorted, and its
 * moments. */
struct quell_portrait {
    float *lines; /* [QUELL_DIRECTIONS][count] */
    double mean[QUELL_DIRECTIONS], covariance[QUELL_DIRECTIONS][QUELL_DIRECTIONS];
};

/* Takes memory; free it with quell_measure_free and quell_portrait_free, whatever is returned. */
quell_status quell_measure_begin(struct quell_measure *measure, size_t dim, size_t count,
                                 size_t threads, const _Atomic sig_atomic_t *stop);
quell_status quell_portrait_begin(struct quell_portrait *portrait,
                                  const struct quell_measure *measure);
void quell_measure_free(struct quell_measure *measure);
void quell_portrait_free(struct quell_portrait *portrait);

/* Computes the portrait of x[count][dim]. Its bits are the same for any number of threads. */
quell_status quell_portrait_take(struct quell_portrait *portrait,
                                 const struct quell_measure *measure, const float *x);

/* Returns the distance of the set from as many samples that are all equal to its mean. A sampler
 * with a greater distance than this is worse than no sampler. */
double quell_portrait_spread(const struct quell_measure *measure,
                             const struct quell_portrait *portrait);

struct quell_distance quell_portrait_distance(const struct quell_measure *measure,
                                              const struct quell_portrait *a,
                                              const struct quell_portrait *b);

#endif
