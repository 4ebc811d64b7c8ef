/* SPDX-License-Identifier: MIT */
/* Samples against exact laws.
 *
 * On a Gaussian every transition is affine along each eigenvector, so that the law of x_0 after T
 * steps is known exactly: no tolerance but the statistics' own. That this law comes near the true
 * one as 1 / T is shown by itself. Seeds are fixed, so the tests are deterministic; bounds are
 * those of 4.5 standard errors. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "statistics.h"
#include "twin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t samples(void) { return by_effort(8000, 40000, 1000000); }

static double *doubles(size_t count) { return malloc(count * sizeof(double)); }

static struct twin_points points_at(const quell_schedule *schedule, size_t i, size_t steps)
{
    struct twin_points p;
    double t = 1 - (double)i / (double)steps, s = 1 - (double)(i + 1) / (double)steps;
    MUST(quell_schedule_at(schedule, t, &p.alpha_t, &p.sigma_t));
    MUST(quell_schedule_at(schedule, s, &p.alpha_s, &p.sigma_s));
    return p;
}

/* The effect of T steps on x_1 - alpha_1 m: it is multiplied by `factor`, and noise of variance
 * `added` is added. */
struct flow {
    double factor, added;
};

static struct flow gaussian_flow(const quell_schedule *schedule, size_t steps, double eta,
                                 double variance)
{
    struct flow flow = {1, 0};
    for (size_t i = 0; i < steps; i++) {
        struct twin_points p = points_at(schedule, i, steps);
        struct twin_step c = twin_ddim(p, eta);
        double factor = twin_gaussian_factor(p, c, variance);
        flow.factor *= factor;
        flow.added = flow.added * factor * factor + c.noise * c.noise;
    }
    return flow;
}

/* alpha^2 v + sigma^2 at t. */
static double spread(const quell_schedule *schedule, double t, double variance)
{
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, t, &alpha, &sigma));
    return alpha * alpha * variance + sigma * sigma;
}

static double alpha_at(const quell_schedule *schedule, double t)
{
    double alpha;
    MUST(quell_schedule_at(schedule, t, &alpha, NULL));
    return alpha;
}

struct law {
    const char *spec, *kind;
    double eta;
    struct model model;
    quell_schedule *schedule;
    size_t steps, dim, count;
    float *x;
};

static struct law law_new(const char *spec, double eta, const char *kind, const char *schedule,
                          size_t steps, size_t dim)
{
    struct law law = {spec, kind,      eta, model_new(kind, dim), must_schedule(schedule), steps,
                      dim,  samples(), NULL};
    law.x = malloc(law.count * dim * sizeof *law.x);
    return law;
}

static void law_free(struct law *law)
{
    free(law->x);
    quell_schedule_free(law->schedule);
    model_free(&law->model);
}

/* x_1 ~ N(alpha m, alpha^2 + sigma^2): the law of quell_sample_prior, here with v = 1. */
static void law_draw(struct law *law)
{
    quell_denoiser *denoiser = model_denoiser(&law->model);
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = law->steps;
    options.prior_dim = law->dim, options.prior_mean = law->model.means;
    quell_sampler *sampler;
    MUST(quell_sampler_create(&sampler, law->spec, denoiser, law->schedule, &options));
    quell_draw draw = quell_draw_defaults();
    draw.seed = 2024, draw.count = law->count;
    must_draw(sampler, &draw, NULL, law->x);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
}

/* The law of <direction, x_0> for a Gaussian model. */
static struct moments law_along(const struct law *law, const double *direction)
{
    const struct model *m = &law->model;
    struct moments moments = {0, 0};
    for (size_t i = 0; i < law->dim; i++) {
        double part = direction[i];
        moments.mean += alpha_at(law->schedule, 0) * direction[i] * m->means[i];
        if (m->vectors) {
            part = 0;
            for (size_t e = 0; e < law->dim; e++)
                part += direction[e] * m->vectors[i * law->dim + e];
        }
        struct flow flow = gaussian_flow(law->schedule, law->steps, law->eta, m->variances[i]);
        double start = spread(law->schedule, 1, 1);
        moments.variance += part * part * (flow.factor * flow.factor * start + flow.added);
    }
    return moments;
}

static void check_along(const struct law *law, const double *direction, const char *which)
{
    double *values = doubles(law->count);
    for (size_t i = 0; i < law->count; i++) {
        values[i] = 0;
        for (size_t e = 0; e < law->dim; e++) values[i] += direction[e] * law->x[i * law->dim + e];
    }
    struct moments found = moments_of(values, law->count), exact = law_along(law, direction);
    double mean = mean_score(found, exact, law->count);
    double variance = variance_score(found, exact, law->count);
    double distance = kolmogorov(values, law->count, exact);
    free(values);
    CHECK(fabs(mean) < 4.5, "%s, %s, %s: mean %g, not %g", law->spec, law->kind, which, found.mean,
          exact.mean);
    CHECK(fabs(variance) < 4.5, "%s, %s, %s: variance %g, not %g", law->spec, law->kind, which,
          found.variance, exact.variance);
    CHECK(distance < 2.2, "%s, %s, %s: Kolmogorov's distance is %g", law->spec, law->kind, which,
          distance);
}

static void check_gaussian(const char *spec, double eta, const char *kind, const char *schedule)
{
    struct law law = law_new(spec, eta, kind, schedule, 8, 4);
    uint64_t state = 1;
    law_draw(&law);
    for (size_t e = 0; e < law.dim; e++) {
        double axis[4] = {0};
        axis[e] = 1;
        check_along(&law, axis, "along an axis");
    }
    for (int i = 0; i < 8; i++) {
        double direction[4];
        for (size_t e = 0; e < 4; e++) direction[e] = 2 * uniform(&state) - 1;
        check_along(&law, direction, "along a random direction");
    }
    law_free(&law);
}

TEST(laws, gaussians)
{
    static const char *const kinds[] = {"isotropic", "diagonal", "eigen"};
    for (size_t i = 0; i < 3; i++) {
        check_gaussian("ddpm", 1, kinds[i], "vp");
        check_gaussian("ddim", 0, kinds[i], "rectified");
        check_gaussian("ddim:eta=0.5", 0.5, kinds[i], "cosine");
    }
}

/* Deterministic DDIM on a Gaussian multiplies x_1 - alpha_1 m by a known number, and comes to the
 * map of the probability flow, sqrt((alpha_0^2 v + sigma_0^2) / (alpha_1^2 v + sigma_1^2)), with
 * order 1. */
static double flow_error(const struct law *law, size_t steps)
{
    quell_denoiser *denoiser = model_denoiser(&law->model);
    quell_sampler *sampler = must_sampler("ddim", denoiser, law->schedule, steps);
    double worst = 0;
    float start[8], end[8];
    for (size_t e = 0; e < law->dim; e++) end[e] = start[e] = (float)e - 2.25f;
    MUST(quell_sample_from(sampler, NULL, NULL, end));
    for (size_t e = 0; e < law->dim; e++) {
        double m = law->model.means[e], v = law->model.variances[e];
        double away = start[e] - alpha_at(law->schedule, 1) * m;
        double found = end[e] - alpha_at(law->schedule, 0) * m;
        double closed = gaussian_flow(law->schedule, steps, 0, v).factor * away;
        double exact = sqrt(spread(law->schedule, 0, v) / spread(law->schedule, 1, v)) * away;
        CHECK(fabs(found - closed) < 5e-6, "T = %zu: %.9g, not %.9g", steps, found, closed);
        worst = fmax(worst, fabs(found - exact));
    }
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    return worst;
}

TEST(laws, ddim_closed_form)
{
    static const char *const schedules[] = {"vp", "cosine", "rectified"};
    for (size_t i = 0; i < 3; i++) {
        struct law law = law_new("ddim", 0, "diagonal", schedules[i], 1, 8);
        double before = flow_error(&law, 64);
        for (size_t steps = 128; steps <= 1024; steps *= 2) {
            double now = flow_error(&law, steps), order = log2(before / now);
            CHECK(order > 0.9 && order < 1.1, "%s: order %g from T = %zu to %zu", schedules[i],
                  order, steps / 2, steps);
            before = now;
        }
        law_free(&law);
    }
}

/* The law of DDPM's x_0 on a Gaussian comes to the true one, alpha_0^2 v + sigma_0^2, as 1 / T. */
TEST(laws, ddpm_converges)
{
    quell_schedule *schedule = must_schedule("vp");
    double before = 0;
    for (size_t steps = 512; steps <= 8192; steps *= 2) {
        struct flow flow = gaussian_flow(schedule, steps, 1, 0.25);
        double variance = flow.factor * flow.factor * spread(schedule, 1, 0.25) + flow.added;
        double error = fabs(variance / spread(schedule, 0, 0.25) - 1);
        CHECK(steps == 512 || fabs(log2(before / error) - 1) < 0.1, "T = %zu: error %g after %g",
              steps, error, before);
        before = error;
    }
    CHECK(before < 0.005, "error %g at T = 8192", before);
    quell_schedule_free(schedule);
}

/* The 5 x 5 grid, spacing 2, of uneven weights. */
static struct model grid(double deviation)
{
    struct model m = {"mixture", 2, 25, doubles(25), doubles(50), doubles(50), NULL};
    for (size_t k = 0; k < 25; k++) {
        m.weights[k] = (double)(1 + k % 4);
        m.means[2 * k] = 2 * (double)(k % 5) - 4, m.means[2 * k + 1] = 2 * (double)(k / 5) - 4;
        m.variances[2 * k] = m.variances[2 * k + 1] = deviation * deviation;
    }
    return m;
}

static size_t nearest(double x) { return (size_t)fmin(fmax(floor(x / 2 + 2.5), 0), 4); }

/* Weights of the components by chi-square. Within a component, the variance is that of T steps on
 * it alone, but for what its neighbours do at finite T: 3.5% at T = 400, 1.7% at 800, 0.9% at
 * 1600 were seen, for ddpm and ddim alike. */
static void check_grid(const struct law *law)
{
    double counts[25] = {0}, expected[25], total = 0, square = 0;
    for (size_t i = 0; i < law->count; i++) {
        size_t a = nearest(law->x[2 * i]), b = nearest(law->x[2 * i + 1]), k = 5 * b + a;
        double u = law->x[2 * i] - law->model.means[2 * k];
        double v = law->x[2 * i + 1] - law->model.means[2 * k + 1];
        counts[k]++;
        square += (u * u + v * v) / 2;
    }
    for (size_t k = 0; k < 25; k++) total += law->model.weights[k];
    for (size_t k = 0; k < 25; k++)
        expected[k] = law->model.weights[k] / total * (double)law->count;
    double score = chi_square_score(counts, expected, 25);
    struct flow flow = gaussian_flow(law->schedule, law->steps, law->eta, law->model.variances[0]);
    double start = spread(law->schedule, 1, law->model.variances[0]);
    double ratio = square / (double)law->count / (flow.factor * flow.factor * start + flow.added);
    double bound = 0.025 + 4.5 / sqrt((double)law->count);
    CHECK(score < 4.5, "%s: the weights are %g standard deviations off", law->spec, score);
    CHECK(fabs(ratio - 1) < bound, "%s: variance %g of the exact one", law->spec, ratio);
}

static void check_mixture(const char *spec, double eta)
{
    struct law law = {spec, "mixture",      eta, grid(0.2), must_schedule("vp"), 800,
                      2,    samples() / 10, NULL};
    law.x = malloc(law.count * 2 * sizeof *law.x);
    quell_denoiser *denoiser = NULL;
    double variances[25];
    for (size_t k = 0; k < 25; k++) variances[k] = law.model.variances[2 * k];
    MUST(quell_denoiser_from_mixture(&denoiser, 25, 2, law.model.weights, law.model.means,
                                     variances));
    quell_sampler *sampler = must_sampler(spec, denoiser, law.schedule, law.steps);
    quell_draw draw = quell_draw_defaults();
    draw.count = law.count, draw.seed = 7;
    must_draw(sampler, &draw, NULL, law.x);
    check_grid(&law);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    law_free(&law);
}

TEST(laws, mixture_ddpm) { check_mixture("ddpm", 1); }
TEST(laws, mixture_ddim) { check_mixture("ddim", 0); }
