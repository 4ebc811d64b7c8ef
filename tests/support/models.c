/* SPDX-License-Identifier: MIT */
#include "models.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"isotropic",        "diagonal",  "eigen",   "mixture",
                                    "mixture_diagonal", "empirical", "callback"};

#define KINDS (sizeof kinds / sizeof *kinds)

const char *model_kind(size_t i) { return i < KINDS ? kinds[i] : NULL; }

static double *numbers(size_t count) { return calloc(count ? count : 1, sizeof(double)); }

static size_t components_of(const char *kind)
{
    if (!strcmp(kind, "empirical")) return 37;
    return strncmp(kind, "mixture", 7) ? 1 : 5;
}

/* The reflection I - 2 v v^T / v^T v with v = (1, 2, 3, 4, 1, 2, ...): an orthonormal basis. */
static double *reflection(size_t dim)
{
    double *vectors = numbers(dim * dim), square = 0;
    for (size_t i = 0; i < dim; i++) square += (double)((i % 4 + 1) * (i % 4 + 1));
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j < dim; j++)
            vectors[i * dim + j] =
                (double)(i == j) - (double)(2 * (i % 4 + 1) * (j % 4 + 1)) / square;
    return vectors;
}

/* One variance per component, or one per component and element, between 1/16 and 1. */
static double variance_of(const char *kind, size_t k, size_t e)
{
    if (!strcmp(kind, "empirical")) return 0;
    int each =
        !strcmp(kind, "diagonal") || !strcmp(kind, "eigen") || !strcmp(kind, "mixture_diagonal");
    return (double)((3 * k + (each ? 5 * e : 0)) % 16 + 1) / 16;
}

struct model model_new(const char *kind, size_t dim)
{
    size_t count = components_of(kind);
    struct model model = {
        kind, dim, count, numbers(count), numbers(count * dim), numbers(count * dim), NULL};
    for (size_t k = 0; k < count; k++) {
        model.weights[k] = strcmp(kind, "empirical") ? (double)(k + 1) / 16 : 1;
        for (size_t e = 0; e < dim; e++) {
            model.means[k * dim + e] = (double)((7 * k + 3 * e + k * e) % 17) / 4 - 2;
            model.variances[k * dim + e] = variance_of(kind, k, e);
        }
    }
    if (!strcmp(kind, "eigen")) model.vectors = reflection(dim);
    return model;
}

void model_free(struct model *model)
{
    free(model->weights);
    free(model->means);
    free(model->variances);
    free(model->vectors);
}

static quell_status empirical(quell_denoiser **denoiser, const struct model *model)
{
    size_t count = model->components * model->dim;
    float *points = calloc(count, sizeof *points);
    for (size_t i = 0; i < count; i++) points[i] = (float)model->means[i];
    quell_status status =
        quell_denoiser_from_points(denoiser, model->components, model->dim, points);
    free(points);
    return status;
}

static quell_status create(quell_denoiser **out, const struct model *m)
{
    const char *kind = m->kind;
    if (!strcmp(kind, "isotropic"))
        return quell_denoiser_from_isotropic(out, m->dim, m->means, m->variances[0]);
    if (!strcmp(kind, "diagonal"))
        return quell_denoiser_from_diagonal(out, m->dim, m->means, m->variances);
    if (!strcmp(kind, "eigen"))
        return quell_denoiser_from_eigenbasis(out, m->dim, m->means, m->variances, m->vectors);
    if (!strcmp(kind, "mixture_diagonal"))
        return quell_denoiser_from_diagonal_mixture(out, m->components, m->dim, m->weights,
                                                    m->means, m->variances);
    if (!strcmp(kind, "empirical")) return empirical(out, m);
    if (!strcmp(kind, "mixture")) {
        double variances[8];
        for (size_t k = 0; k < m->components; k++) variances[k] = m->variances[k * m->dim];
        return quell_denoiser_from_mixture(out, m->components, m->dim, m->weights, m->means,
                                           variances);
    }
    quell_function_options options = quell_function_defaults();
    options.reproducible = 1;
    return quell_denoiser_from_function(out, m->dim, model_callback, NULL, &options);
}

quell_denoiser *model_denoiser(const struct model *model)
{
    quell_denoiser *denoiser = NULL;
    MUST(create(&denoiser, model));
    return denoiser;
}

int model_callback(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t r = 0; r < call->rows; r++) {
        uint64_t index = call->indices ? call->indices[r] : call->first + r;
        for (size_t e = 0; e < call->dim; e++, input++, output++)
            *output = 0.5f * *input + 0.25f * (float)((index + e) % 5);
    }
    return 0;
}

/* log of weight k times the density of x under component k of p(x_t), up to a constant. */
static double logit(const struct model *m, size_t k, double alpha, double sigma, const double *x)
{
    double sum = log(m->weights[k]);
    for (size_t e = 0; e < m->dim; e++) {
        double spread = alpha * alpha * m->variances[k * m->dim + e] + sigma * sigma;
        double away = x[e] - alpha * m->means[k * m->dim + e];
        sum -= 0.5 * (away * away / spread + log(spread));
    }
    return sum;
}

static void denoise_mixture(const struct model *m, double alpha, double sigma, const double *x,
                            double *out)
{
    double logits[64], largest = -INFINITY, total = 0;
    for (size_t k = 0; k < m->components; k++)
        largest = fmax(largest, logits[k] = logit(m, k, alpha, sigma, x));
    for (size_t k = 0; k < m->components; k++) total += exp(logits[k] - largest);
    memset(out, 0, m->dim * sizeof *out);
    for (size_t k = 0; k < m->components; k++)
        for (size_t e = 0; e < m->dim; e++) {
            double mean = m->means[k * m->dim + e], variance = m->variances[k * m->dim + e];
            double gain = alpha * variance / (alpha * alpha * variance + sigma * sigma);
            out[e] += exp(logits[k] - largest) / total * (mean + gain * (x[e] - alpha * mean));
        }
}

/* m + V^T diag(gain) V (x - alpha m), row i of V being the i-th eigenvector. */
static void denoise_eigen(const struct model *m, double alpha, double sigma, const double *x,
                          double *out)
{
    memcpy(out, m->means, m->dim * sizeof *out);
    for (size_t i = 0; i < m->dim; i++) {
        const double *vector = m->vectors + i * m->dim;
        double along = 0, v = m->variances[i];
        for (size_t e = 0; e < m->dim; e++) along += vector[e] * (x[e] - alpha * m->means[e]);
        along *= alpha * v / (alpha * alpha * v + sigma * sigma);
        for (size_t e = 0; e < m->dim; e++) out[e] += vector[e] * along;
    }
}

void model_denoise(const struct model *model, double alpha, double sigma, const double *x,
                   double *out)
{
    (model->vectors ? denoise_eigen : denoise_mixture)(model, alpha, sigma, x, out);
}

quell_schedule *must_schedule(const char *spec)
{
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_create(&schedule, spec));
    return schedule;
}

size_t steps_for(const char *spec, size_t steps)
{
    return strncmp(spec, "dpm_adaptive", 12) ? steps : 0;
}

quell_sampler *must_sampler(const char *spec, const quell_denoiser *denoiser,
                            const quell_schedule *schedule, size_t steps)
{
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps_for(spec, steps);
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    return sampler;
}

uint64_t digest(uint64_t before, const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++) before = (before ^ byte[i]) * UINT64_C(0x100000001b3);
    return before;
}

uint64_t digest_floats(const float *x, size_t count)
{
    uint64_t found = DIGEST_START;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        const unsigned char bytes[] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                       (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        found = digest(found, bytes, sizeof bytes);
    }
    return found;
}

double uniform(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}
