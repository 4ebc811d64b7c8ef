/* SPDX-License-Identifier: MIT */
/* Mixtures of Gaussians with independent elements. x_t is a mixture too, with components
 * N(alpha m_k, alpha^2 v_k + sigma^2), so that with s = alpha^2 v + sigma^2
 *
 *     log w_k = log weight_k - 1/2 sum_d log s_kd - sum_d (x_d - alpha m_kd)^2 / (2 s_kd)  + const,
 *     E[X | x_t] = sum_k w_k (m_k + alpha v_k / s_k (x_t - alpha m_k)).
 *
 * What does not depend on x_t is computed here, in double, once per point of the schedule; the
 * kernel computes the rest. */
#include "base/fail.h"
#include "base/floats.h"
#include "base/maths.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"

#include <stdlib.h>
#include <string.h>

#define LN2 0x1.62e42fefa39efp-1
#define LEAST_VARIANCE 1e-37 /* 1 / (2 s) must be a float */

struct mixture {
    quell_denoiser base;
    size_t components;
    size_t spread; /* variances per component: 1 or dim */
    float *means;
    double *variances, *log_weights;
    double least; /* the least variance */
};

static size_t rounded(size_t floats) { return quell_round_up(floats, QUELL_LANES); }

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct mixture *mixture = (const struct mixture *)denoiser;
    (void)rows;
    return sizeof(float) * QUELL_LANES * (2 * denoiser->dim + mixture->components);
}

/* Returns the size of the constants of one point of the schedule: constant[components], rate and
 * gain[components][spread], each rounded up to a cache line; and the constants once more as
 * doubles, which are scratch memory. */
static size_t constants_size(const quell_denoiser *denoiser)
{
    const struct mixture *mixture = (const struct mixture *)denoiser;
    size_t floats =
        rounded(mixture->components) + 2 * rounded(mixture->components * mixture->spread);
    return sizeof(float) * floats + sizeof(double) * mixture->components;
}

/* Refuses a point of the schedule at which x_t has no density: sigma = 0, and a component without
 * variance. */
static quell_status check(const quell_denoiser *denoiser, const quell_point *point)
{
    double alpha = point->alpha, sigma = point->sigma;
    const struct mixture *mixture = (const struct mixture *)denoiser;
    double least = alpha * alpha * mixture->least + sigma * sigma;
    if (least >= LEAST_VARIANCE) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "mixture: at alpha %g and sigma %g a component has variance %g, must be at "
                      "least %g: raise sigma or its variance",
                      alpha, sigma, least, LEAST_VARIANCE);
}

/* Returns the sum of log s over s = alpha^2 v + sigma^2. The product of the s is kept as mantissa
 * and exponent, so that one logarithm suffices. */
static double sum_of_logs(const double *variances, size_t count, double alpha, double sigma)
{
    double mantissa = 1, exponents = 0;
    for (size_t i = 0; i < count; i++) {
        int exponent;
        mantissa *= frexp(alpha * alpha * variances[i] + sigma * sigma, &exponent);
        exponents += exponent;
        if (i % 512 < 511) continue;
        mantissa = frexp(mantissa, &exponent);
        exponents += exponent;
    }
    return quell_log(mantissa) + exponents * LN2;
}

/* Sets constant_k = log weight_k - 1/2 sum_d log s_kd, relative to the greatest: the values can be
 * large, and are stored as floats. If a component has one variance for all elements, its logarithm
 * is computed once. */
static void fill_constants(const struct mixture *mixture, double alpha, double sigma, double *exact,
                           float *constant)
{
    size_t spread = mixture->spread;
    double factor = spread == 1 ? (double)mixture->base.dim : 1, greatest = -INFINITY, logs = 0;
    for (size_t k = 0; k < mixture->components; k++) {
        const double *variances = mixture->variances + k * spread;
        bool same = k > 0 && spread == 1 && variances[0] == variances[-1];
        if (!same) logs = sum_of_logs(variances, spread, alpha, sigma);
        exact[k] = mixture->log_weights[k] - 0.5 * factor * logs;
        if (exact[k] > greatest) greatest = exact[k];
    }
    for (size_t k = 0; k < mixture->components; k++) constant[k] = (float)(exact[k] - greatest);
}

/* Returns whether E[X | x_t] is close to x_t / alpha for x_t from any component. */
static bool is_near(const struct mixture *mixture, double alpha, double sigma)
{
    return alpha >= 0.5 && alpha <= 2 && sigma * sigma < alpha * alpha * mixture->least;
}

static void fill_rates(const struct mixture *mixture, double alpha, double sigma, float *rate,
                       float *gain)
{
    bool near = is_near(mixture, alpha, sigma);
    for (size_t i = 0; i < mixture->components * mixture->spread; i++) {
        double variance = mixture->variances[i];
        double inverse = 1 / (alpha * alpha * variance + sigma * sigma);
        rate[i] = (float)(0.5 * inverse);
        gain[i] = (float)(near ? -sigma * sigma * inverse / alpha : alpha * variance * inverse);
    }
}

static void constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels, double t,
                      double alpha, double sigma, void *out)
{
    const struct mixture *mixture = (const struct mixture *)denoiser;
    size_t spread = rounded(mixture->components * mixture->spread);
    float *constant = out, *rate = constant + rounded(mixture->components);
    (void)kernels, (void)t;
    fill_constants(mixture, alpha, sigma, (double *)(void *)(rate + 2 * spread), constant);
    fill_rates(mixture, alpha, sigma, rate, rate + spread);
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *e)
{
    const struct mixture *mixture = (const struct mixture *)denoiser;
    size_t spread = rounded(mixture->components * mixture->spread);
    const float *constant = e->constants, *rate = constant + rounded(mixture->components);
    struct quell_mixture kernel = {
        .rows = e->rows,
        .dim = denoiser->dim,
        .components = mixture->components,
        .diagonal = mixture->spread > 1,
        .near = is_near(mixture, e->alpha, e->sigma),
        .alpha = (float)e->alpha,
        .less = (float)((1 - e->alpha) / e->alpha),
        .means = mixture->means,
        .constant = constant,
        .rate = rate,
        .gain = rate + spread,
        .x = e->x,
        .out = e->out,
        .scratch = e->scratch,
    };
    kernel.apart = e->apart && kernel.near;
    e->kernels->mixture(&kernel);
    if (e->apart && !kernel.near)
        quell_denoiser_part(e->kernels, e->alpha, e->rows * denoiser->dim, e->x, e->out);
    return 0;
}

/* Returns the component for a uniform number: component k has an interval of length weight_k of [0,
 * 1). */
static size_t choose(const struct mixture *mixture, double number)
{
    size_t k = 0;
    for (double below = 0; k < mixture->components - 1; k++) {
        below += quell_exp(mixture->log_weights[k]);
        if (number < below) break;
    }
    return k;
}

static void draw(const quell_denoiser *denoiser, const struct quell_law_draw *draw)
{
    const struct mixture *mixture = (const struct mixture *)denoiser;
    size_t dim = denoiser->dim, spread = mixture->spread;
    for (size_t row = 0; row < draw->rows; row++) {
        size_t k = choose(mixture, draw->choice[row]);
        const float *mean = mixture->means + k * dim;
        const double *variances = mixture->variances + k * spread;
        float *x = draw->x + row * dim;
        for (size_t d = 0; d < dim; d++)
            x[d] = mean[d] + (float)sqrt(variances[spread > 1 ? d : 0]) * x[d];
    }
}

static void destroy(quell_denoiser *denoiser)
{
    struct mixture *mixture = (struct mixture *)denoiser;
    free(mixture->means);
    free(mixture->variances);
    free(mixture->log_weights);
}

static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct mixture *mixture = (const struct mixture *)denoiser;
    size_t components = mixture->components, spread = components * mixture->spread;
    quell_digest_whole(sum, components);
    quell_digest_whole(sum, mixture->spread);
    quell_digest_doubles(sum, mixture->log_weights, components);
    quell_digest_doubles(sum, mixture->variances, spread);
    quell_digest_floats(sum, mixture->means, components * denoiser->dim);
}

static const struct quell_denoiser_class type = {.kind = "mixture",
                                                 .apart = true,
                                                 .rows = 128,
                                                 .scratch_size = scratch_size,
                                                 .constants_size = constants_size,
                                                 .constants = constants,
                                                 .evaluate = evaluate,
                                                 .destroy = destroy,
                                                 .check = check,
                                                 .draw = draw,
                                                 .digest = digest};

static quell_status set_weights(struct mixture *mixture, const double *weights)
{
    double total = 0;
    for (size_t k = 0; k < mixture->components; k++) {
        if (!(weights[k] > 0 && isfinite(weights[k])))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "mixture: weight %zu is %g, must be finite and greater than 0", k,
                              weights[k]);
        total += weights[k];
    }
    if (!isfinite(total)) return quell_fail(QUELL_BAD_ARGUMENT, "mixture: the weights overflow");
    mixture->log_weights = quell_new(mixture->components, sizeof(double));
    if (!mixture->log_weights) return quell_fail(QUELL_NO_MEMORY, "mixture: no memory");
    for (size_t k = 0; k < mixture->components; k++)
        mixture->log_weights[k] = quell_log(weights[k]) - quell_log(total);
    return QUELL_OK;
}

static quell_status set_variances(struct mixture *mixture, const double *variances)
{
    size_t count = mixture->components * mixture->spread;
    mixture->variances = quell_new(count, sizeof(double));
    if (!mixture->variances) return quell_fail(QUELL_NO_MEMORY, "mixture: no memory");
    mixture->least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!(variances[i] >= 0 && variances[i] <= 1e37))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "mixture: variance %zu is %g, must be from 0 to 1e37", i,
                              variances[i]);
        mixture->variances[i] = variances[i];
        if (variances[i] < mixture->least) mixture->least = variances[i];
    }
    return QUELL_OK;
}

static quell_status create(quell_denoiser **denoiser, size_t components, size_t dim, size_t spread,
                           const double *weights, const double *means, const double *variances)
{
    QUELL_OWN_FLOATS;
    size_t entries;
    quell_status status = quell_denoiser_arguments(denoiser, dim);
    if (status) return status;
    if (components < 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "mixture: components is 0, must be at least 1");
    if (!weights || !means || !variances)
        return quell_fail(QUELL_BAD_ARGUMENT, "mixture: %s is NULL",
                          !weights ? "weights"
                          : !means ? "means"
                                   : "variances");
    if (components > SIZE_MAX / 1024 || quell_multiply(components, dim, &entries) ||
        entries > SIZE_MAX / 1024)
        return quell_fail(QUELL_NO_MEMORY, "mixture: no memory for %zu x %zu means", components,
                          dim);
    struct mixture *mixture = quell_denoiser_new(&type, sizeof *mixture, dim);
    if (!mixture) return quell_fail(QUELL_NO_MEMORY, "mixture: no memory for a denoiser");
    mixture->components = components;
    mixture->spread = spread;
    status = set_weights(mixture, weights);
    if (!status) status = set_variances(mixture, variances);
    if (!status)
        status = quell_denoiser_floats(&mixture->means, "mixture: means", entries, means, true);
    if (status)
        quell_denoiser_free(&mixture->base);
    else
        *denoiser = &mixture->base;
    return status;
}

quell_status quell_denoiser_from_mixture(quell_denoiser **denoiser, size_t components, size_t dim,
                                         const double *weights, const double *means,
                                         const double *variances)
{
    return create(denoiser, components, dim, 1, weights, means, variances);
}

quell_status quell_denoiser_from_diagonal_mixture(quell_denoiser **denoiser, size_t components,
                                                  size_t dim, const double *weights,
                                                  const double *means, const double *variances)
{
    return create(denoiser, components, dim, dim, weights, means, variances);
}
