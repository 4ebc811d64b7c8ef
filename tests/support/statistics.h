/* SPDX-License-Identifier: MIT */
/* The statistics that tests of laws need. */
#ifndef QUELL_TESTS_STATISTICS_H
#define QUELL_TESTS_STATISTICS_H

#include <stddef.h>

struct moments {
    double mean, variance;
};

struct moments moments_of(const double *values, size_t count);

/* How many standard errors a sample's mean and variance are from those of a normal law. */
double mean_score(struct moments found, struct moments law, size_t count);
double variance_score(struct moments found, struct moments law, size_t count);

/* Kolmogorov-Smirnov against a normal law: sqrt(count) sup |F_n - F|. Sorts the values. A value
 * above 2.2 comes by chance once in 8000 times. */
double kolmogorov(double *values, size_t count, struct moments law);

/* Chi-square of counts against expected counts, as a standard normal score (Wilson-Hilferty). */
double chi_square_score(const double *counts, const double *expected, size_t cells);

#endif
