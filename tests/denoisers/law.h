/* SPDX-License-Identifier: MIT */
/* Laws of X for the tests of the exact denoisers, naive twins of their posterior means in double,
 * and the checks that every denoiser must pass. A law does not depend on the order in which tests
 * run. */
#ifndef QUELL_TESTS_LAW_H
#define QUELL_TESTS_LAW_H

#include <stdint.h>
#include "denoisers/denoiser.h"

/* X ~ sum_k weights[k] N(means[k], covariances), as all our models are for their twin: `full` of
 * one component has an eigenbasis, the others have variances[components][dim]. */
struct law {
    size_t components, dim;
    double *weights, *means, *variances, *vectors;
};

/* Points (alpha, sigma) of all kinds of schedules. */
#define LAW_POINTS 8
extern const double law_points[LAW_POINTS][2];

/* Zeroed memory, aligned to a cache line, or the test fails. */
void *law_memory(size_t count, size_t size);

/* The generator that law_new starts: in (0, 1), and N(0, 1). */
double law_uniform(void);
double law_normal(void);

/* A random law whose means are floats, as the library stores them. */
struct law law_new(size_t components, size_t dim, int one_variance, double least);
void law_free(struct law *law);

/* rows x dim inputs x_t = alpha X + sigma Z; every eighth is far from all means. */
float *law_draw(const struct law *law, double alpha, double sigma, size_t rows);

/* E[X | x] by the textbook; law_twin_full in the eigenbasis law->vectors. */
typedef void law_twin_function(const struct law *law, double alpha, double sigma, const float *x,
                               double *out);
law_twin_function law_twin, law_twin_full;

/* Evaluates `rows` rows, at most `group` at a time, with scratch memory full of NaNs. */
void law_evaluate(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double alpha,
                  double sigma, size_t rows, size_t group, const float *x, float *out);

/* The same bits from every table and every grouping (brief, the next one at every call), with
 * memory that ends where the rows do; leaves them in out. */
void law_check_bits(const quell_denoiser *denoiser, double alpha, double sigma, size_t rows,
                    const float *x, float *out);

/* law_check_bits on drawn inputs, and their values against the twin's; the tolerance is relative
 * to 1 + |E|. */
void law_check_values(const quell_denoiser *denoiser, law_twin_function *twin,
                      const struct law *law, double alpha, double sigma, size_t rows,
                      double tolerance);

#endif
