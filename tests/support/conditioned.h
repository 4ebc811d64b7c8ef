/* SPDX-License-Identifier: MIT */
/* The exact denoiser of X ~ N(mean, variance I) as a program whose mean and variance are conditions
 * of the run, for the schedule "rectified" (alpha = 1 - t, sigma = t):
 *
 *     E[X | x_t] = mean + alpha variance (x_t - alpha mean) / (alpha^2 variance + sigma^2) */
#ifndef QUELL_TESTS_CONDITIONED_H
#define QUELL_TESTS_CONDITIONED_H

#include <quell/quell.h>

enum { CONDITIONED_DIM = 3 };

#define CONDITIONED_MOST_FILE (1 << 15)

/* The bytes of its file; returns how many. `fields`: more fields of the description, JSON with '
 * for ", with a comma behind each. */
size_t conditioned_file(const char *fields, char *file);
quell_model *conditioned_model(const char *fields);

/* `steps` steps of the sampler on that schedule. */
quell_sampler *conditioned_sampler(const quell_denoiser *denoiser, const char *spec, size_t steps);

/* E[X | x_t] in double. */
void conditioned_twin(double t, const float *x, const float *mean, double variance, double *out);

#endif
