/* SPDX-License-Identifier: MIT */
/* How far two sets of as many samples are apart.
 *
 * Sliced Wasserstein distance (Bonneel et al., 2015): both sets are projected onto directions; on a
 * line the best transport pairs the i-th smallest with the i-th smallest, so that
 *
 *     W^2 = mean over directions of mean over i of (a_(i) - b_(i))^2.
 *
 * Moments: |m_a - m_b| / sqrt(tr C_b) and |C_a - C_b| / |C_b| in the Frobenius norm, of the samples
 * themselves or, where they have more elements than there are directions, of their projections. */
#ifndef QUELL_CLI_COMPARE_DISTANCE_H
#define QUELL_CLI_COMPARE_DISTANCE_H

#include <signal.h>
#include <stddef.h>
#include <quell/status.h>

#define DIRECTIONS 64

struct distance {
    double wasserstein, mean, covariance;
};

/* What sets of `count` samples of `dim` elements are measured with. directions[dim][DIRECTIONS]: in
 * each column one of length 1, the same in every comparison. stop: where a signal is noted that
 * ends the work early, whose result is then to be thrown away. */
struct measure {
    size_t dim, count, threads;
    double *directions;
    const _Atomic sig_atomic_t *stop;
};

/* A set of samples as it is measured: projected, each line sorted; its moments. */
struct portrait {
    float *lines; /* [DIRECTIONS][count] */
    double mean[DIRECTIONS], covariance[DIRECTIONS][DIRECTIONS];
};

/* Takes memory; free it with measure_free and portrait_free, whatever is returned. */
quell_status measure_begin(struct measure *measure, size_t dim, size_t count, size_t threads,
                           const _Atomic sig_atomic_t *stop);
quell_status portrait_begin(struct portrait *portrait, const struct measure *measure);
void measure_free(struct measure *measure);
void portrait_free(struct portrait *portrait);

/* Fills a portrait of x[count][dim]. The same bits from any number of threads. */
quell_status portrait_take(struct portrait *portrait, const struct measure *measure,
                           const float *x);

/* From the set to as many samples that are all its mean: what is farther away than this is worse
 * than no sampler. */
double portrait_spread(const struct measure *measure, const struct portrait *portrait);

struct distance portrait_distance(const struct measure *measure, const struct portrait *a,
                                  const struct portrait *b);

#endif
