/* SPDX-License-Identifier: MIT */
/* No sampler is far worse than ddim with as many evaluations, however few and uneven its steps are:
 * on every schedule, on several grids, with 1 to 30 steps, for models of very different scales
 * whose laws are known. The measure is Wasserstein's distance of second order between the marginal
 * laws of the samples and of the model, over the model's standard deviation, so that 1 is the
 * distance of the model's mean alone. A sampler may have MOST_TIMES the distance of ddim, and
 * MOST_MORE; dpm_adaptive, which chooses its own steps, may have ADAPTIVE everywhere. The noise
 * that a schedule ends with is allowed as well.
 *
 * QUELL_LONG tries all of it; QUELL_STABILITY=print prints every distance. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "orders.h"
#include "twin_cases.h"
#include "samplers/method.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 2, SAMPLES = 128, MOST = 25, EVALUATIONS = 120 };
#define MOST_TIMES 2.5
#define MOST_MORE 0.75
#define ADAPTIVE 0.35

/* A mixture in the plane; quantile: of each coordinate's marginal law, SAMPLES of them. */
struct mixture {
    const char *name;
    size_t components;
    double weights[MOST], means[DIM * MOST], variances[DIM * MOST];
    double mean[DIM], variance[DIM], quantile[DIM][SAMPLES];
};

static double below(const struct mixture *law, size_t d, double x)
{
    double sum = 0;
    for (size_t k = 0; k < law->components; k++)
        sum += law->weights[k] / 2 *
               erfc((law->means[DIM * k + d] - x) / sqrt(2 * law->variances[DIM * k + d]));
    return sum;
}

static double quantile(const struct mixture *law, size_t d, double part)
{
    double low = -1e4, high = 1e4;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(below(law, d, middle) < part ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

/* Divides the weights by their sum. */
static void finish(struct mixture *law)
{
    double total = 0;
    for (size_t k = 0; k < law->components; k++) total += law->weights[k];
    for (size_t k = 0; k < law->components; k++) law->weights[k] /= total;
    for (size_t d = 0; d < DIM; d++) {
        double mean = 0, square = 0;
        for (size_t k = 0; k < law->components; k++) {
            double m = law->means[DIM * k + d];
            mean += law->weights[k] * m;
            square += law->weights[k] * (m * m + law->variances[DIM * k + d]);
        }
        law->mean[d] = mean, law->variance[d] = square - mean * mean;
        for (size_t i = 0; i < SAMPLES; i++)
            law->quantile[d][i] = quantile(law, d, ((double)i + 0.5) / SAMPLES);
    }
}

static struct mixture gaussian(const char *name, double mean, double variance)
{
    return (struct mixture){name, 1, {1}, {mean, mean}, {variance, variance}, {0}, {0}, {{0}, {0}}};
}

static struct mixture grid25(const char *name, double scale, double offset)
{
    struct mixture law = {.name = name, .components = 25};
    for (size_t k = 0; k < 25; k++) {
        law.weights[k] = (double)(1 + k % 4);
        law.means[2 * k] = offset + scale * (2 * (double)(k % 5) - 4);
        law.means[2 * k + 1] = scale * (2 * (double)(k / 5) - 4);
        law.variances[2 * k] = law.variances[2 * k + 1] = scale * scale * 0.01;
    }
    return law;
}

static struct mixture ring(void)
{
    struct mixture law = {.name = "a ring", .components = 24};
    for (size_t k = 0; k < 24; k++) {
        double angle = 6.283185307179586 * (double)k / 24;
        law.weights[k] = 1;
        law.means[2 * k] = 2 * cos(angle), law.means[2 * k + 1] = 2 * sin(angle);
        law.variances[2 * k] = law.variances[2 * k + 1] = 0.0025;
    }
    return law;
}

static struct mixture two(void)
{
    return (struct mixture){"two, far from 0",     2,   {3, 1}, {30, -20, 34, -20},
                            {0.25, 1, 0.01, 0.09}, {0}, {0},    {{0}, {0}}};
}

/* The i-th law; NULL past the end. */
static const struct mixture *law_at(size_t i)
{
    static struct mixture laws[8];
    if (laws[0].components == 0) {
        laws[0] = gaussian("N(0, 1)", 0, 1), laws[1] = gaussian("N(0.5, 1e-4)", 0.5, 1e-4);
        laws[2] = gaussian("N(0, 400)", 0, 400), laws[3] = grid25("grid25", 1, 0);
        laws[4] = ring(), laws[5] = two(), laws[6] = grid25("grid25, small", 0.05, 3);
        laws[7] = gaussian("N(100, 1e-4)", 100, 1e-4);
        for (size_t k = 0; k < 8; k++) finish(&laws[k]);
    }
    return i < 8 ? &laws[i] : NULL;
}

static int rising(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static double distance(const struct mixture *law, const float *x)
{
    double sum = 0;
    for (size_t d = 0; d < DIM; d++) {
        float values[SAMPLES];
        for (size_t i = 0; i < SAMPLES; i++) values[i] = x[DIM * i + d];
        qsort(values, SAMPLES, sizeof *values, rising);
        for (size_t i = 0; i < SAMPLES; i++) {
            double off = (double)values[i] - law->quantile[d][i];
            sum += off * off / law->variance[d];
        }
    }
    return sqrt(sum / (DIM * SAMPLES));
}

/* ddim[n]: the distance of ddim with n steps, 0 if it has not been computed yet. */
struct problem {
    size_t number; /* of the law */
    const struct mixture *law;
    const quell_denoiser *denoiser;
    const quell_schedule *schedule;
    const char *name, *grid;
    double ddim[EVALUATIONS];
    size_t tried, wrong;
};

/* Returns the distance with so many steps, and sets the evaluations; -1 if the sampler is refused,
 * which test_sweep.c looks at. */
static double draw(const struct problem *problem, const char *spec, size_t steps,
                   size_t *evaluations)
{
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps_for(spec, steps);
    if (options.steps) options.grid = problem->grid;
    options.prior_dim = DIM;
    options.prior_mean = problem->law->mean, options.prior_variance = problem->law->variance;
    quell_sampler *sampler = NULL;
    if (quell_sampler_create(&sampler, spec, problem->denoiser, problem->schedule, &options))
        return -1;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = SAMPLES, draw.seed = 12, run.threads = 1;
    float x[SAMPLES * DIM];
    MUST(quell_sample(sampler, &draw, &run, x));
    *evaluations = quell_sampler_evaluations(sampler);
    quell_sampler_free(sampler);
    return distance(problem->law, x);
}

static double ddim(struct problem *problem, size_t evaluations)
{
    size_t n = evaluations < EVALUATIONS ? evaluations : EVALUATIONS - 1, unused;
    if (problem->ddim[n] == 0) problem->ddim[n] = draw(problem, "ddim", n, &unused);
    return problem->ddim[n];
}

/* Returns what the schedule leaves at its end: sigma / alpha, and what the mean lacks by alpha,
 * over the least standard deviation. */
static double last_noise(const struct problem *problem)
{
    double alpha, sigma;
    MUST(quell_schedule_at(problem->schedule, 0, &alpha, &sigma));
    const double *mean = problem->law->mean, *variance = problem->law->variance;
    double lacking = (1 - alpha) * fmax(fabs(mean[0]), fabs(mean[1]));
    return (sigma / alpha + lacking) / sqrt(fmin(variance[0], variance[1]));
}

static double allowed(struct problem *problem, const char *spec, size_t steps, size_t evaluations)
{
    if (!strncmp(spec, "dpm_adaptive", 12)) return ADAPTIVE + last_noise(problem);
    /* Corrections make no step shorter. */
    if (!strncmp(spec, "pc", 2)) evaluations = steps;
    return MOST_TIMES * ddim(problem, evaluations) + MOST_MORE + last_noise(problem);
}

static void try(struct problem *problem, const char *spec, size_t steps)
{
    size_t evaluations = 0;
    double found = draw(problem, spec, steps, &evaluations);
    if (found == -1) return;
    double most = allowed(problem, spec, steps, evaluations);
    problem->tried++;
    if (getenv("QUELL_STABILITY"))
        printf("%.3g of %.3g: %s, %s, %s, %s, T = %zu\n", found, most, spec, problem->law->name,
               problem->name, problem->grid, steps);
    if (found <= most) return;
    if (problem->wrong++ < 20)
        fprintf(stderr, "%s, T = %zu, on %s, %s, %s: a distance of %.3g, %.3g are allowed\n", spec,
                steps, problem->law->name, problem->name, problem->grid, found, most);
}

/* These are left out: other codes' formulas and steps may explode, and a part of the noise or
 * another temperature has another law. */
static int has_the_law(const char *spec)
{
    static const char *const others[] = {"formula=", "steady=no", "s_noise", "temperature"};
    for (size_t i = 0; i < 4; i++)
        if (strstr(spec, others[i])) return 0;
    return 1;
}

/* Tries one in `stride` of all cases of all samplers; with QUELL_LONG, all of them. */
static void try_all(struct problem *problem, size_t stride)
{
    static const size_t lengths[] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 24, 30};
    for (const struct twin_case *of = twin_cases; of->spec; of++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            const char *const texts[] = {of->spec, problem->name, problem->grid, NULL};
            if (!is_chosen(stride, texts, 100 * problem->number + k)) continue;
            if (!has_the_law(of->spec)) continue;
            int adaptive = !strncmp(of->spec, "dpm_adaptive", 12);
            try(problem, of->spec, adaptive ? 1 : lengths[k]);
            if (adaptive) break;
        }
}

static const char *const grids[] = {"linear", "karras", "logsnr", "linear:final=zero",
                                    "karras:final=zero"};

TEST(stability, beside_ddim)
{
    size_t tried = 0, wrong = 0, stride = by_effort(1009, 293, 1);
    for (size_t s = 0; schedule_name(s); s++) {
        quell_schedule *schedule = must_schedule(schedule_name(s));
        for (size_t m = 0; law_at(m); m++) {
            const struct mixture *law = law_at(m);
            quell_denoiser *denoiser = NULL;
            MUST(quell_denoiser_from_diagonal_mixture(&denoiser, law->components, DIM, law->weights,
                                                      law->means, law->variances));
            for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
                struct problem problem = {.number = m,
                                          .law = law,
                                          .denoiser = denoiser,
                                          .schedule = schedule,
                                          .name = schedule_name(s),
                                          .grid = grids[g]};
                try_all(&problem, stride);
                tried += problem.tried, wrong += problem.wrong;
            }
            quell_denoiser_free(denoiser);
        }
        quell_schedule_free(schedule);
    }
    CHECK(wrong == 0, "%zu of %zu runs are far worse than ddim", wrong, tried);
}

/* Stochastic samplers are compared with the method of first order with the same noise, which has an
 * error of its own, as it takes back little of the noise in a long step. The distance is computed
 * from the plan, for Gaussians in one dimension, so that 1.2 times that of the first order, and
 * 1/20, is allowed. */
static const struct rival {
    const char *spec, *first;
} rivals[] = {
    {"sa_solver", "ddim:eta=1"},
    {"sa_solver:predictor_order=5,corrector_order=5", "ddim:eta=1"},
    {"sa_solver:predictor_order=2,corrector_order=0", "ddim:eta=1"},
    {"sa_solver:tau=2", "sa_solver:tau=2,predictor_order=1,corrector_order=0"},
    {"dpmpp_2m_sde", "ddim:eta=1"},
    {"dpmpp_2m_sde:solver=heun", "ddim:eta=1"},
    {"dpmpp_2m_sde:solver=heun,eta=4", "sa_solver:tau=2,predictor_order=1,corrector_order=0"},
    {"dpmpp_3m_sde", "ddim:eta=1"},
    {"dpmpp_3m_sde:eta=4", "sa_solver:tau=2,predictor_order=1,corrector_order=0"},
    {"res_multistep:eta=1", "ddim:eta=1"},
    {"er_sde", "er_sde:order=1"},
    {"er_sde:scaler=sde", "ddim:eta=1"},
    {"dpmpp_sde", "ddim:eta=1"},
    {"seeds2", "ddim:eta=1"},
    {"seeds2:solver=phi_2", "ddim:eta=1"},
    {"seeds3", "ddim:eta=1"},
    {"dpm2_a", "ddim:eta=1"},
    {"dpmpp_2s_a", "ddim:eta=1"},
};
enum { RIVALS = sizeof rivals / sizeof *rivals };

static double exact_distance(const char *spec, const quell_schedule *schedule, const char *grid,
                             size_t steps, double m, double v)
{
    quell_point *points = doubles_grid(grid, schedule, steps), t = points[0], s = points[steps];
    struct quell_plan plan = doubles_plan(spec, schedule, points, steps, 0);
    double mean = t.alpha * m, variance = t.alpha * t.alpha * v + t.sigma * t.sigma;
    order_law(&plan, m, v, &mean, &variance);
    double right = sqrt(s.alpha * s.alpha * v + s.sigma * s.sigma);
    quell_plan_free(&plan);
    free(points);
    return hypot(mean - s.alpha * m, sqrt(variance) - right) / right;
}

static size_t worse_than_first(const struct rival *rival, const quell_schedule *schedule,
                               const char *name, size_t steps)
{
    static const double law[][2] = {{0, 1}, {0, 400}, {0, 10}, {0, 0.01}, {30, 1}, {0.5, 1e-4}};
    size_t wrong = 0;
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++)
        for (size_t k = 0; k < sizeof law / sizeof *law; k++) {
            double m = law[k][0], v = law[k][1];
            double found = exact_distance(rival->spec, schedule, grids[g], steps, m, v);
            double first = exact_distance(rival->first, schedule, grids[g], steps, m, v);
            if (found <= 1.2 * first + 0.05) continue;
            wrong++;
            fprintf(stderr, "%s, T = %zu, on N(%g, %g), %s, %s: %.3f, the first order %.3f\n",
                    rival->spec, steps, m, v, name, grids[g], found, first);
        }
    return wrong;
}

/* The schedules that all grids can be used with: alpha is 0 nowhere. */
TEST(stability, beside_first_order)
{
    static const size_t lengths[] = {1, 2, 3, 5, 8, 12, 20, 30};
    size_t wrong = 0, stride = by_effort(23, 3, 1);
    for (size_t s = 0; schedule_name(s); s++) {
        quell_schedule *schedule = must_schedule(schedule_name(s));
        double alpha, sigma;
        MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
        for (size_t i = 0; alpha > 0 && i < sizeof lengths / sizeof *lengths; i++)
            for (size_t r = 0; r < RIVALS; r++) {
                const char *const texts[] = {rivals[r].spec, schedule_name(s), NULL};
                if (is_chosen(stride, texts, lengths[i]))
                    wrong += worse_than_first(&rivals[r], schedule, schedule_name(s), lengths[i]);
            }
        quell_schedule_free(schedule);
    }
    CHECK(wrong == 0, "%zu runs are farther from the law than those of first order", wrong);
}

/* A step from 0.5 to 0.49, alone or in pieces, takes a state to nearly where ddim takes it. */
TEST(stability, short_ranges)
{
    const struct mixture *law = law_at(3);
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_diagonal_mixture(&denoiser, law->components, DIM, law->weights,
                                              law->means, law->variances));
    quell_sampler_options options = quell_sampler_defaults();
    options.start = 0.5, options.stop = 0.49;
    for (const struct twin_case *of = twin_cases; of->spec; of++)
        for (size_t steps = 1; steps < 6; steps += 2) {
            quell_sampler *sampler = NULL;
            options.steps = steps_for(of->spec, steps);
            MUST(quell_sampler_create(&sampler, of->spec, denoiser, schedule, &options));
            float x[DIM] = {1, -2};
            MUST(quell_sample_from(sampler, NULL, NULL, x));
            for (size_t d = 0; d < DIM; d++)
                CHECK(fabs((double)x[d]) < 8, "%s, T = %zu: %g", of->spec, steps, (double)x[d]);
            quell_sampler_free(sampler);
        }
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}
