/* SPDX-License-Identifier: MIT */
/* Models for the tests, made of small integers and exact arithmetic, so that they are the same to
 * the last bit on every machine; each has a naive twin of its posterior mean, in double. */
#ifndef QUELL_TESTS_MODELS_H
#define QUELL_TESTS_MODELS_H

#include <quell/quell.h>

/* A mixture, in general: sum_k weights[k] N(means[k], diag(variances[k])), means and variances
 * [components][dim]. "eigen" has one component, whose variances lie along the rows of
 * vectors[dim][dim]; "empirical" has points (variances 0); "callback" is model_callback. */
struct model {
    const char *kind;
    size_t dim, components;
    double *weights, *means, *variances, *vectors;
};

/* Every kind, NULL past the end. */
const char *model_kind(size_t i);

struct model model_new(const char *kind, size_t dim);
void model_free(struct model *model);

/* The library's denoiser of that model. */
quell_denoiser *model_denoiser(const struct model *model);

/* out = E[X | x_t = x], straight from Bayes' rule. */
void model_denoise(const struct model *model, double alpha, double sigma, const double *x,
                   double *out);

/* An exact callback that depends on the sample's index: out = x / 2 + ((sample + e) mod 5) / 4. */
int model_callback(void *user, const quell_call *call, const float *input, float *output);

/* Ends the test with quell's own message if the call fails. */
#define MUST(call) CHECK((call) == QUELL_OK, "%s: %s", #call, quell_error_message())

/* The schedule, and the sampler of `steps` steps, of these specs. */
quell_schedule *must_schedule(const char *spec);
/* The steps to ask this sampler for: 0, not given, if it chooses its own. */
size_t steps_for(const char *spec, size_t steps);

quell_sampler *must_sampler(const char *spec, const quell_denoiser *denoiser,
                            const quell_schedule *schedule, size_t steps);

/* A 64-bit digest of bytes (FNV-1a). */
uint64_t digest(uint64_t before, const void *bytes, size_t count);
#define DIGEST_START UINT64_C(0xcbf29ce484222325)

/* The digest of the bits of floats, from the low byte on, whatever the order of bytes of the
 * machine is. */
uint64_t digest_floats(const float *x, size_t count);

/* A fixed sequence of numbers in [0, 1), exact on every machine. */
double uniform(uint64_t *state);

#endif
