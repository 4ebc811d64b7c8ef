/* SPDX-License-Identifier: MIT */
/* A Gaussian with any covariance C = V^T diag(l) V, where the rows of V are orthonormal:
 *
 *     E[X | x_t] = m + V^T diag(alpha l / (alpha^2 l + sigma^2)) V (x_t - alpha m).
 *
 * If the noise is low, the mean is near x_t / alpha, and methods divide the difference of the two
 * by sigma. The two products have an error of 1e-7 of the vector that they multiply. So for low
 * noise the products compute the difference itself:
 *
 *     E[X | x_t] = x_t / alpha - V^T diag(b) V (x_t - alpha m),
 *     b = sigma^2 / (alpha (alpha^2 l + sigma^2)).
 *
 * The eigenbasis is computed once, at creation. An evaluation is two products with V, which is
 * stored in panels for both. */
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"
#include "denoisers/eigenbasis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct full {
    quell_denoiser base;
    size_t stride; /* floats of a row in scratch memory */
    double *values, *vectors;
    float *mean;
    float *to_basis, *from_basis; /* V^T and V in panels */
};

static size_t panel_floats(size_t dim) { return dim * QUELL_PANEL; }

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct full *full = (const struct full *)denoiser;
    return sizeof(float) * (2 * rows * full->stride + quell_round_up(denoiser->dim, QUELL_LANES));
}

static void multiply(const struct full *full, const struct quell_kernels *kernels, size_t rows,
                     const float *a, const float *panels, float *c)
{
    size_t dim = full->base.dim;
    struct quell_product product = {
        .m = rows,
        .n = dim,
        .k = dim,
        .a = a,
        .a_row = full->stride,
        .a_col = 1,
        .b = panels,
        .b_row = QUELL_PANEL,
        .b_panel = panel_floats(dim),
        .c = c,
        .c_row = full->stride,
    };
    kernels->product(&product);
}

/* Computes out[row] = x[row] - alpha m. */
static void centre(const struct full *full, const struct quell_evaluation *e, float *out)
{
    float minus_alpha[2] = {1.0f, -(float)e->alpha};
    for (size_t row = 0; row < e->rows; row++) {
        const float *in[2] = {e->x + row * full->base.dim, full->mean};
        e->kernels->combine(out + row * full->stride, full->base.dim, 2, minus_alpha, in);
    }
}

/* Return the factor in the i-th direction in the first form, and the negative of the factor in the
 * second form. */
static double gain_of(const struct full *full, const struct quell_evaluation *e, size_t i)
{
    double l = full->values[i];
    return l > 0 ? e->alpha * l / (e->alpha * e->alpha * l + e->sigma * e->sigma) : 0;
}

static double loss_of(const struct full *full, const struct quell_evaluation *e, size_t i)
{
    double l = full->values[i], sigma2 = e->sigma * e->sigma;
    return l > 0 ? sigma2 / (e->alpha * (e->alpha * e->alpha * l + sigma2)) : 1 / e->alpha;
}

/* Returns whether the second form has the smaller factors, and fills gain[] with those of the
 * chosen form. */
static bool fill_gains(const struct full *full, const struct quell_evaluation *e, float *gain)
{
    double gains = 0, losses = 0;
    for (size_t i = 0; i < full->base.dim && e->alpha > 0; i++) {
        gains += gain_of(full, e, i) * gain_of(full, e, i);
        losses += loss_of(full, e, i) * loss_of(full, e, i);
    }
    bool near = e->apart || losses < gains;
    for (size_t i = 0; i < full->base.dim; i++)
        gain[i] = (float)(near ? -loss_of(full, e, i) : gain_of(full, e, i));
    return near;
}

/* Computes out = m + the result of the products or, in the second form, x / alpha + that result. */
static void write(const struct full *full, const struct quell_evaluation *e, bool near,
                  const float *sum)
{
    size_t dim = full->base.dim;
    float inverse = (float)((1 - e->alpha) / e->alpha); /* 1 / alpha - 1 */
    for (size_t row = 0; row < e->rows; row++, sum += full->stride) {
        if (e->apart) {
            memcpy(e->out + row * dim, sum, dim * sizeof *sum);
            continue;
        }
        const float *x = e->x + row * dim;
        float *out = e->out + row * dim;
        for (size_t d = 0; d < dim; d++)
            out[d] = near ? x[d] + (inverse * x[d] + sum[d]) : full->mean[d] + sum[d];
    }
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *e)
{
    const struct full *full = (const struct full *)denoiser;
    size_t dim = denoiser->dim, stride = full->stride;
    float *first = e->scratch, *second = first + e->rows * stride;
    float *gain = second + e->rows * stride;
    bool near = fill_gains(full, e, gain);
    centre(full, e, first);
    multiply(full, e->kernels, e->rows, first, full->to_basis, second);
    for (size_t row = 0; row < e->rows; row++)
        for (size_t i = 0; i < dim; i++) second[row * stride + i] *= gain[i];
    multiply(full, e->kernels, e->rows, second, full->from_basis, first);
    write(full, e, near, first);
    return 0;
}

/* Computes m + V^T diag(sqrt l) z. */
static void draw(const quell_denoiser *denoiser, const struct quell_law_draw *draw)
{
    const struct full *full = (const struct full *)denoiser;
    size_t dim = denoiser->dim, stride = full->stride;
    float *first = draw->scratch, *second = first + draw->rows * stride;
    for (size_t row = 0; row < draw->rows; row++)
        for (size_t i = 0; i < dim; i++)
            first[row * stride + i] = (float)sqrt(full->values[i]) * draw->x[row * dim + i];
    multiply(full, draw->kernels, draw->rows, first, full->from_basis, second);
    for (size_t row = 0; row < draw->rows; row++)
        for (size_t d = 0; d < dim; d++)
            draw->x[row * dim + d] = full->mean[d] + second[row * stride + d];
}

static void destroy(quell_denoiser *denoiser)
{
    struct full *full = (struct full *)denoiser;
    free(full->values);
    free(full->vectors);
    free(full->mean);
    free(full->to_basis);
    free(full->from_basis);
}

/* Leaves out from_basis, which is to_basis transposed. */
static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct full *full = (const struct full *)denoiser;
    size_t dim = denoiser->dim, panels = quell_round_up(dim, QUELL_PANEL) * dim;
    quell_digest_doubles(sum, full->values, dim);
    quell_digest_floats(sum, full->mean, dim);
    quell_digest_floats(sum, full->to_basis, panels);
}

/* 48 rows are a whole number of the product's tiles at any vector length. */
static const struct quell_denoiser_class type = {.kind = "full",
                                                 .apart = true,
                                                 .rows = 48,
                                                 .scratch_size = scratch_size,
                                                 .evaluate = evaluate,
                                                 .destroy = destroy,
                                                 .draw = draw,
                                                 .digest = digest};

/* Stores B(p, j) of the product at p * QUELL_PANEL + j % QUELL_PANEL in panel j / QUELL_PANEL. */
static void pack(const struct full *full)
{
    size_t dim = full->base.dim;
    for (size_t i = 0; i < dim; i++)
        for (size_t d = 0; d < dim; d++) {
            float value = (float)full->vectors[i * dim + d];
            full->to_basis[i / QUELL_PANEL * panel_floats(dim) + d * QUELL_PANEL +
                           i % QUELL_PANEL] = value;
            full->from_basis[d / QUELL_PANEL * panel_floats(dim) + i * QUELL_PANEL +
                             d % QUELL_PANEL] = value;
        }
}

/* Creates the denoiser, which becomes the owner of `values` and `vectors`. After a failure they are
 * freed. */
static quell_status create(quell_denoiser **denoiser, size_t dim, const double *mean,
                           double *values, double *vectors)
{
    struct full *full = quell_denoiser_new(&type, sizeof *full, dim);
    if (!full) {
        free(values);
        free(vectors);
        return quell_fail(QUELL_NO_MEMORY, "covariance: no memory for a denoiser");
    }
    full->values = values;
    full->vectors = vectors;
    full->stride = quell_round_up(dim, QUELL_LANES);
    /* If rows were a power of two apart, they would share a few sets of the first-level cache. */
    if (full->stride % 256 == 0) full->stride += QUELL_LANES;
    size_t panels = quell_round_up(dim, QUELL_PANEL) * dim;
    full->to_basis = quell_new(panels, sizeof(float));
    full->from_basis = quell_new(panels, sizeof(float));
    quell_status status = quell_denoiser_floats(&full->mean, "mean", dim, mean, true);
    if (!status && (!full->to_basis || !full->from_basis))
        status =
            quell_fail(QUELL_NO_MEMORY, "covariance: no memory for a basis of %zu x %zu", dim, dim);
    if (status) {
        quell_denoiser_free(&full->base);
        return status;
    }
    pack(full);
    *denoiser = &full->base;
    return QUELL_OK;
}

static quell_status arguments(quell_denoiser **denoiser, size_t dim)
{
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status || dim <= QUELL_EIGENBASIS_MOST) return status;
    return quell_fail(QUELL_BAD_ARGUMENT, "covariance: dim is %zu, must be at most %d", dim,
                      QUELL_EIGENBASIS_MOST);
}

/* Allocates values[dim] and vectors[dim][dim]. */
static quell_status allocate(size_t dim, double **values, double **vectors)
{
    *values = quell_new(dim, sizeof(double));
    *vectors = quell_new(dim, dim * sizeof(double));
    if (*values && *vectors) return QUELL_OK;
    free(*values);
    free(*vectors);
    return quell_fail(QUELL_NO_MEMORY, "covariance: no memory for a basis of %zu x %zu", dim, dim);
}

quell_status quell_denoiser_from_covariance(quell_denoiser **denoiser, size_t dim,
                                            const double *mean, const double *covariance)
{
    QUELL_OWN_FLOATS;
    double *values, *vectors;
    quell_status status = arguments(denoiser, dim);
    if (status) return status;
    if (!covariance) return quell_fail(QUELL_BAD_ARGUMENT, "covariance: it is NULL");
    status = allocate(dim, &values, &vectors);
    if (status) return status;
    memcpy(vectors, covariance, dim * dim * sizeof *vectors);
    status = quell_eigenbasis(dim, values, vectors);
    if (!status) return create(denoiser, dim, mean, values, vectors);
    free(values);
    free(vectors);
    return status;
}

quell_status quell_denoiser_from_eigenbasis(quell_denoiser **denoiser, size_t dim,
                                            const double *mean, const double *values,
                                            const double *vectors)
{
    QUELL_OWN_FLOATS;
    double *own_values, *own_vectors;
    quell_status status = arguments(denoiser, dim);
    if (status) return status;
    if (!values || !vectors)
        return quell_fail(QUELL_BAD_ARGUMENT, "eigenbasis: %s: it is NULL",
                          values ? "vectors" : "values");
    for (size_t i = 0; i < dim; i++)
        if (!(values[i] >= 0 && isfinite(values[i])))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "eigenbasis: eigenvalue %zu is %g, must be finite and not negative",
                              i, values[i]);
    status = quell_orthonormal(dim, vectors);
    if (!status) status = allocate(dim, &own_values, &own_vectors);
    if (status) return status;
    memcpy(own_values, values, dim * sizeof *values);
    memcpy(own_vectors, vectors, dim * dim * sizeof *vectors);
    return create(denoiser, dim, mean, own_values, own_vectors);
}

quell_status quell_denoiser_eigenbasis(const quell_denoiser *denoiser, double *values,
                                       double *vectors)
{
    if (!denoiser) return quell_fail(QUELL_BAD_ARGUMENT, "eigenbasis: the denoiser is NULL");
    if (denoiser->type != &type)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "eigenbasis: the denoiser was not made by _from_covariance or _from_eigenbasis");
    const struct full *full = (const struct full *)denoiser;
    if (values) memcpy(values, full->values, denoiser->dim * sizeof *values);
    if (vectors) memcpy(vectors, full->vectors, denoiser->dim * denoiser->dim * sizeof *vectors);
    return QUELL_OK;
}
