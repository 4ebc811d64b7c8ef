/* SPDX-License-Identifier: MIT */
/* Gaussians with independent elements. With X ~ N(m, v) and x_t = alpha X + sigma Z,
 *
 *     E[X | x_t] = m + alpha v / (alpha^2 v + sigma^2) (x_t - alpha m),
 *
 * element by element. If the noise is low, the mean is close to x_t / alpha, and methods divide the
 * difference of the two by sigma. Then the mean is computed as x_t plus a small correction. The
 * parameters are stored for several consecutive samples, so that calls of the kernel are long even
 * if samples are short. */
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUN 1024 /* preferred least number of elements in a kernel call */

struct gaussian {
    quell_denoiser base;
    size_t repeats; /* number of consecutive samples that the parameters are stored for */
    double variance;
    float *mean, *variances;
};

/* E[X | x] = gain x + rest m = x + less x + rest m. Each factor has its own formula, so that none
 * loses digits. */
struct posterior {
    double gain, less, rest;
};

static struct posterior posterior(double alpha, double sigma, double variance)
{
    if (!(variance > 0)) return (struct posterior){0, -1, 1};
    double total = alpha * alpha * variance + sigma * sigma, rest = sigma * sigma / total;
    return (struct posterior){alpha * variance / total, (1 - alpha - rest) / alpha, rest};
}

/* Returns how many of the rows, from `row` on, are passed to one call of the kernel. */
static size_t rows_at_once(const struct gaussian *gaussian, const struct quell_evaluation *e,
                           size_t row)
{
    size_t left = e->rows - row;
    return left < gaussian->repeats ? left : gaussian->repeats;
}

static int evaluate_isotropic(const quell_denoiser *denoiser, const struct quell_evaluation *e)
{
    const struct gaussian *gaussian = (const struct gaussian *)denoiser;
    struct posterior p = posterior(e->alpha, e->sigma, gaussian->variance);
    const float c[] = {(float)(e->apart ? -p.rest / e->alpha : p.less), (float)p.rest};
    for (size_t row = 0, rows; row < e->rows; row += rows) {
        rows = rows_at_once(gaussian, e, row);
        size_t at = row * e->elements, count = rows * e->elements;
        const float *in[] = {e->x + at, gaussian->mean + e->element};
        if (e->apart)
            e->kernels->combine(e->out + at, count, 2, c, in);
        else if (p.gain >= 0.5 && p.gain <= 2)
            e->kernels->update(e->out + at, count, 2, c, in);
        else
            e->kernels->gaussian(e->out + at, in[0], count, in[1], (float)e->alpha, (float)p.gain);
    }
    return 0;
}

static int evaluate_diagonal(const quell_denoiser *denoiser, const struct quell_evaluation *e)
{
    const struct gaussian *gaussian = (const struct gaussian *)denoiser;
    for (size_t row = 0, rows; row < e->rows; row += rows) {
        rows = rows_at_once(gaussian, e, row);
        size_t at = row * e->elements;
        e->kernels->gaussian_diagonal(e->out + at, e->x + at, rows * e->elements,
                                      gaussian->mean + e->element, gaussian->variances + e->element,
                                      e->alpha, e->sigma, e->apart);
    }
    return 0;
}

static void draw_isotropic(const quell_denoiser *denoiser, const struct quell_law_draw *draw)
{
    const struct gaussian *gaussian = (const struct gaussian *)denoiser;
    float deviation = (float)sqrt(gaussian->variance);
    for (size_t row = 0; row < draw->rows; row++)
        for (size_t d = 0; d < denoiser->dim; d++) {
            float *x = draw->x + row * denoiser->dim + d;
            *x = gaussian->mean[d] + deviation * *x;
        }
}

static void draw_diagonal(const quell_denoiser *denoiser, const struct quell_law_draw *draw)
{
    const struct gaussian *gaussian = (const struct gaussian *)denoiser;
    for (size_t row = 0; row < draw->rows; row++)
        for (size_t d = 0; d < denoiser->dim; d++) {
            float *x = draw->x + row * denoiser->dim + d;
            *x = gaussian->mean[d] + sqrtf(gaussian->variances[d]) * *x;
        }
}

static void destroy(quell_denoiser *denoiser)
{
    struct gaussian *gaussian = (struct gaussian *)denoiser;
    free(gaussian->mean);
    free(gaussian->variances);
}

/* Digests the parameters of one sample. */
static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct gaussian *gaussian = (const struct gaussian *)denoiser;
    quell_digest_number(sum, gaussian->variance);
    quell_digest_floats(sum, gaussian->mean, denoiser->dim);
    if (gaussian->variances) quell_digest_floats(sum, gaussian->variances, denoiser->dim);
}

static const struct quell_denoiser_class isotropic = {.kind = "isotropic",
                                                      .elementwise = true,
                                                      .apart = true,
                                                      .evaluate = evaluate_isotropic,
                                                      .destroy = destroy,
                                                      .draw = draw_isotropic,
                                                      .digest = digest};
static const struct quell_denoiser_class diagonal = {.kind = "diagonal",
                                                     .elementwise = true,
                                                     .apart = true,
                                                     .evaluate = evaluate_diagonal,
                                                     .destroy = destroy,
                                                     .draw = draw_diagonal,
                                                     .digest = digest};

/* Stores `repeats` copies of values[dim], one after the other, in *copy. */
static quell_status repeat(float **copy, const char *what, size_t dim, size_t repeats,
                           const double *values, bool negative)
{
    float *once;
    quell_status status = quell_denoiser_floats(&once, what, dim, values, negative);
    if (status) return status;
    *copy = quell_new(dim, repeats * sizeof **copy);
    for (size_t i = 0; *copy && i < repeats; i++) memcpy(*copy + i * dim, once, dim * sizeof *once);
    free(once);
    return *copy ? QUELL_OK
                 : quell_fail(QUELL_NO_MEMORY, "%s: no memory for %zu values", what, dim);
}

static struct gaussian *create(const struct quell_denoiser_class *type, size_t dim)
{
    struct gaussian *gaussian = quell_denoiser_new(type, sizeof *gaussian, dim);
    if (gaussian)
        gaussian->repeats = dim < RUN ? (RUN + dim - 1) / dim : 1;
    else
        quell_fail(QUELL_NO_MEMORY, "%s: no memory for a denoiser", type->kind);
    return gaussian;
}

quell_status quell_denoiser_from_isotropic(quell_denoiser **denoiser, size_t dim,
                                           const double *mean, double variance)
{
    QUELL_OWN_FLOATS;
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    if (!(variance >= 0 && isfinite(variance)))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "isotropic: variance is %g, must be finite and not negative", variance);
    struct gaussian *gaussian = create(&isotropic, dim);
    if (!gaussian) return QUELL_NO_MEMORY;
    gaussian->variance = variance;
    status = repeat(&gaussian->mean, "isotropic: mean", dim, gaussian->repeats, mean, true);
    if (status)
        quell_denoiser_free(&gaussian->base);
    else
        *denoiser = &gaussian->base;
    return status;
}

quell_status quell_denoiser_from_diagonal(quell_denoiser **denoiser, size_t dim, const double *mean,
                                          const double *variances)
{
    QUELL_OWN_FLOATS;
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    if (!variances) return quell_fail(QUELL_BAD_ARGUMENT, "diagonal: variances is NULL");
    struct gaussian *gaussian = create(&diagonal, dim);
    if (!gaussian) return QUELL_NO_MEMORY;
    size_t repeats = gaussian->repeats;
    status = repeat(&gaussian->mean, "diagonal: mean", dim, repeats, mean, true);
    if (!status)
        status =
            repeat(&gaussian->variances, "diagonal: variances", dim, repeats, variances, false);
    if (status)
        quell_denoiser_free(&gaussian->base);
    else
        *denoiser = &gaussian->base;
    return status;
}
