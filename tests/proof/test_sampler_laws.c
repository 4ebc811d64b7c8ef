/* SPDX-License-Identifier: MIT */
/* The samples of every stochastic sampler, drawn by the engine at large T, against the exact law:
 * mean, variance and Kolmogorov's distance on a Gaussian; the weights of a mixture's components by
 * chi-square. What remains of the method's own error at that T is computed from its plan. */
#include "doubles.h"
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "orders.h"
#include "statistics.h"
#include "samplers/method.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 4, STEPS = 400 };
#define SCHEDULE "ve:sigma_min=0.02,sigma_max=30"

static const double means[DIM] = {1, -2, 0, 0.5}, variances[DIM] = {0.01, 0.25, 1, 4};

static size_t samples(void) { return by_effort(2000, 12000, 400000); }

/* Distilled models: one evaluation is meant to give a sample, not E[X | x]. */
static int has_law(const struct quell_method *method)
{
    static const char *const distilled[] = {"lcm", "tcd", "consistency"};
    for (size_t i = 0; i < 3; i++)
        if (!strcmp(method->name, distilled[i])) return 0;
    return method->noise == QUELL_STOCHASTIC;
}

static quell_sampler *sampler_of(const char *spec, const quell_denoiser *denoiser,
                                 const quell_schedule *schedule, size_t dim, const double *mean,
                                 const double *variance)
{
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps_for(spec, STEPS);
    options.prior_dim = dim, options.prior_mean = mean, options.prior_variance = variance;
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    return sampler;
}

static float *draw(const quell_sampler *sampler, size_t count)
{
    quell_draw draw = quell_draw_defaults();
    draw.count = count, draw.seed = 77;
    float *x = malloc(count * quell_sampler_dim(sampler) * sizeof *x);
    must_draw(sampler, &draw, NULL, x);
    return x;
}

/* Returns the mean and the variance of element e that the plan makes. */
static struct moments law_of(const struct quell_plan *plan, const quell_point *grid, size_t e)
{
    const quell_point *t = &grid[0];
    struct moments law = {t->alpha * means[e],
                          t->alpha * t->alpha * variances[e] + t->sigma * t->sigma};
    order_law(plan, means[e], variances[e], &law.mean, &law.variance);
    return law;
}

static int check_element(const char *spec, size_t e, const float *x, size_t count,
                         struct moments law, const quell_point *end)
{
    double *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = (double)x[DIM * i + e];
    struct moments found = moments_of(values, count);
    double exact = end->alpha * end->alpha * variances[e] + end->sigma * end->sigma;
    double bias = (law.mean - end->alpha * means[e]) / sqrt(exact), ratio = law.variance / exact;
    double mean = mean_score(found, law, count), variance = variance_score(found, law, count);
    double distance = kolmogorov(values, count, law);
    free(values);
    if (fabs(bias) < 0.02 && fabs(ratio - 1) < 0.04 && fabs(mean) < 4.5 && fabs(variance) < 4.5 &&
        distance < 2.2)
        return 0;
    fprintf(stderr, "%s, element %zu: the plan is off by %g and %g, the samples by %g and %g, %g\n",
            spec, e, bias, ratio - 1, mean, variance, distance);
    return 1;
}

static int check_gaussian(const char *spec)
{
    quell_schedule *schedule = must_schedule(SCHEDULE);
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_diagonal(&denoiser, DIM, means, variances));
    quell_sampler *sampler = sampler_of(spec, denoiser, schedule, DIM, means, variances);
    quell_point *grid = doubles_grid("linear", schedule, STEPS);
    struct quell_plan plan = doubles_plan(spec, schedule, grid, STEPS, 0);
    float *x = draw(sampler, samples());
    int failures = 0;
    for (size_t e = 0; e < DIM; e++)
        failures += check_element(spec, e, x, samples(), law_of(&plan, grid, e), &grid[STEPS]);
    free(x);
    free(grid);
    quell_plan_free(&plan);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    return failures;
}

TEST(sampler_laws, gaussian)
{
    const struct quell_method *method;
    int failures = 0;
    for (size_t i = 0; (method = quell_method_at(i)); i++)
        if (its_turn(i, 3, 0) && has_law(method)) failures += check_gaussian(method->name);
    CHECK(failures == 0, "%d elements have another law", failures);
}

/* The 5 x 5 grid of spacing 2 and uneven weights. */
struct grid25 {
    double weights[25], means[50], variances[25], expected[25];
};

static struct grid25 grid25(size_t count)
{
    struct grid25 g;
    double total = 0;
    for (size_t k = 0; k < 25; k++) {
        total += g.weights[k] = (double)(1 + k % 4);
        g.means[2 * k] = 2 * (double)(k % 5) - 4, g.means[2 * k + 1] = 2 * (double)(k / 5) - 4;
        g.variances[k] = 0.09;
    }
    for (size_t k = 0; k < 25; k++) g.expected[k] = g.weights[k] / total * (double)count;
    return g;
}

static size_t nearest(double x) { return (size_t)fmin(fmax(floor(x / 2 + 2.5), 0), 4); }

/* The start is drawn from N(alpha m, ...), not from the mixture: at sigma = 30 that is all but
 * the same. Within a component the variance is the true one to the method's own error. */
static int check_mixture(const char *spec)
{
    static const double mean[2] = {0, 0}, variance[2] = {8, 8};
    size_t count = samples() / 4;
    struct grid25 g = grid25(count);
    quell_schedule *schedule = must_schedule(SCHEDULE);
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_mixture(&denoiser, 25, 2, g.weights, g.means, g.variances));
    quell_sampler *sampler = sampler_of(spec, denoiser, schedule, 2, mean, variance);
    float *x = draw(sampler, count);
    double counts[25] = {0}, square = 0, end = g.variances[0] + 0.02 * 0.02;
    for (size_t i = 0; i < count; i++) {
        size_t k = 5 * nearest((double)x[2 * i + 1]) + nearest((double)x[2 * i]);
        double u = (double)x[2 * i] - g.means[2 * k], v = (double)x[2 * i + 1] - g.means[2 * k + 1];
        counts[k]++;
        square += (u * u + v * v) / 2;
    }
    double score = chi_square_score(counts, g.expected, 25);
    double ratio = square / (double)count / end, bound = 0.04 + 4.5 / sqrt((double)count);
    free(x);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    if (score < 4.5 && fabs(ratio - 1) < bound) return 0;
    fprintf(stderr,
            "%s: the weights are %g standard deviations off, the variance %g of the law's\n", spec,
            score, ratio);
    return 1;
}

TEST(sampler_laws, mixture)
{
    const struct quell_method *method;
    int failures = 0;
    for (size_t i = 0; (method = quell_method_at(i)); i++)
        if (its_turn(i, 3, 1) && has_law(method)) failures += check_mixture(method->name);
    CHECK(failures == 0, "%d samplers have another law", failures);
}

/* Steps that each sample chooses leave the law right with noise as well. */
TEST(sampler_laws, adaptive_with_noise)
{
    static const double mean = 0, variance = 1;
    size_t count = by_effort(1000, 4000, 40000);
    quell_schedule *schedule = must_schedule(SCHEDULE);
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_diagonal(&denoiser, 1, &mean, &variance));
    quell_sampler *sampler =
        sampler_of("dpm_adaptive:eta=1", denoiser, schedule, 1, &mean, &variance);
    float *x = draw(sampler, count);
    double square = 0, bound = 0.015 + 2.5 / sqrt(2 * (double)count);
    for (size_t i = 0; i < count; i++) square += (double)x[i] * (double)x[i];
    double deviation = sqrt(square / (double)count);
    free(x);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    CHECK(fabs(deviation - 1) < bound, "a standard deviation of %g for 1", deviation);
}
