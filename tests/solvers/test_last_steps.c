/* SPDX-License-Identifier: MIT */
/* Long steps to little noise, in float against the plan in double. A method's second output is then
 * multiplied by sigma_t / sigma_s and more, and what it was rounded by with it, unless the
 * denoiser says how far it is from x / alpha. */
#include "doubles.h"
#include "harness.h"
#include "models.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 12, SAMPLES = 3, SEED = 9 };

static void in_double(void *user, const quell_point *t, const double *x, double *mu)
{
    model_denoise(user, t->alpha, t->sigma, x, mu);
}

/* A network that was trained to return eps: what the isotropic Gaussian N(1/2, 1/4) has. */
static int eps_of(void *user, const quell_call *call, const float *x, float *out)
{
    double total = call->alpha * call->alpha / 4 + call->sigma * call->sigma;
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++)
        out[i] = (float)(call->sigma * ((double)x[i] - call->alpha / 2) / total);
    return 0;
}

static quell_denoiser *callback(struct model *model)
{
    quell_function_options options = quell_function_defaults();
    quell_denoiser *denoiser = NULL;
    options.output = "eps";
    *model = model_new("isotropic", DIM);
    for (size_t e = 0; e < DIM; e++) model->means[e] = 0.5, model->variances[e] = 0.25;
    MUST(quell_denoiser_from_function(&denoiser, DIM, eps_of, NULL, &options));
    return denoiser;
}

/* What is furthest off, beside the largest value and 1. Compared, not by fmax(): gcc 12 cannot
 * compile a loop of two of them for aarch64 at -O3. */
static double furthest(const float *x, const double *y, size_t count)
{
    double most = 0, size = 1;
    for (size_t i = 0; i < count; i++) {
        double apart = fabs((double)x[i] - y[i]);
        if (!(apart <= most)) most = apart;
        if (fabs(y[i]) > size) size = fabs(y[i]);
    }
    return most / size;
}

static double off(const char *spec, const char *noise, size_t steps, const struct model *model,
                  const quell_denoiser *denoiser)
{
    quell_schedule *schedule = must_schedule(noise);
    quell_sampler *sampler = must_sampler(spec, denoiser, schedule, steps);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float x[SAMPLES * DIM];
    double y[SAMPLES * DIM];
    draw.seed = SEED, draw.count = SAMPLES, run.threads = 1;
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    for (size_t i = 0; i < SAMPLES * DIM; i++) y[i] = (double)x[i];
    MUST(quell_sample_from(sampler, &draw, &run, x));
    quell_point *grid = doubles_grid("linear", schedule, steps);
    struct quell_plan plan = doubles_plan(spec, schedule, grid, steps, 0);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct doubles doubles = {DIM, in_double, (void *)(uintptr_t)model, SEED, i, 0, 0};
        doubles_run(&doubles, &plan, y + i * DIM);
    }
    quell_plan_free(&plan);
    free(grid);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    return furthest(x, y, SAMPLES * DIM);
}

static void check(const struct model *model, const quell_denoiser *denoiser, const char *what)
{
    static const char *const samplers[] = {
        "heun:steady=no", "heun",    "heunpp2",          "dpm2:steady=no", "dpm_single:steady=no",
        "dpmpp_3s",       "restart", "dpm2_a:steady=no", "res_2s"};
    static const char *const schedules[] = {
        "vp:alpha_min=0.1,sigma_min=1e-2", "vp:alpha_min=0.1,sigma_min=2e-4",
        "vp:alpha_min=0.1,sigma_min=1e-7", "rectified:alpha_min=0.1,sigma_min=1e-9",
        "ve:sigma_min=1e-5,sigma_max=5"};
    for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++)
        for (size_t j = 0; j < sizeof schedules / sizeof *schedules; j++)
            for (size_t steps = 1; steps <= 8; steps += 7) {
                double far = off(samplers[i], schedules[j], steps, model, denoiser);
                CHECK(far < 4e-6, "%s, %s, %s, %zu steps: off by %g", what, samplers[i],
                      schedules[j], steps, far);
            }
}

TEST(last_steps, of_exact_denoisers)
{
    static const char *const kinds[] = {"isotropic", "diagonal", "eigen"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct model model = model_new(kinds[k], DIM);
        quell_denoiser *denoiser = model_denoiser(&model);
        check(&model, denoiser, kinds[k]);
        quell_denoiser_free(denoiser);
        model_free(&model);
    }
}

TEST(last_steps, of_a_network_of_noise)
{
    struct model model;
    quell_denoiser *denoiser = callback(&model);
    check(&model, denoiser, "eps");
    quell_denoiser_free(denoiser);
    model_free(&model);
}

/* A network that was trained to return E[X | x_t]: near the data its difference from x / alpha is
 * wrong in all digits. The last steps then lead to the mean itself, and what they made of the
 * difference before has little weight. */
static int mean_of(void *user, const quell_call *call, const float *x, float *out)
{
    double total = call->alpha * call->alpha / 4 + call->sigma * call->sigma;
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++)
        out[i] = (float)(0.5 + call->alpha / 4 / total * ((double)x[i] - call->alpha / 2));
    return 0;
}

static void check_all(const struct model *model, const quell_denoiser *denoiser)
{
    static const char *const schedules[] = {"vp:sigma_min=%g", "ve:sigma_max=5,sigma_min=%g",
                                            "rectified:sigma_min=%g"};
    const char *name;
    for (size_t i = 0; (name = sampler_name(i)); i++)
        for (size_t j = 0; j < sizeof schedules / sizeof *schedules; j++)
            for (double least = 1e-5; least > 1e-10; least /= 100) {
                char noise[64];
                if (!strcmp(name, "dpm_adaptive")) continue; /* it has no plan in double */
                snprintf(noise, sizeof noise, schedules[j], least);
                double few = off(name, noise, 8, model, denoiser);
                double more = off(name, noise, 24, model, denoiser);
                CHECK(few < 1e-5 && more < 4e-6, "%s, %s, %s: off by %g and %g", model->kind, name,
                      noise, few, more);
            }
}

TEST(last_steps, of_means_in_float)
{
    struct model gaussian, points = model_new("empirical", DIM);
    quell_denoiser *eps = callback(&gaussian), *mean = NULL, *empirical = model_denoiser(&points);
    MUST(quell_denoiser_from_function(&mean, DIM, mean_of, NULL, NULL));
    check_all(&gaussian, mean);
    check_all(&points, empirical);
    quell_denoiser_free(eps);
    quell_denoiser_free(mean);
    quell_denoiser_free(empirical);
    model_free(&gaussian);
    model_free(&points);
}

/* steady=no: the whole order multiplies what such an output was rounded by. Where that is more than
 * a thousandth, the sampler is refused. Returns how far off it is, or -1. */
static double off_or_refused(const char *spec, const char *noise, size_t steps,
                             const struct model *model, const quell_denoiser *denoiser)
{
    quell_schedule *schedule = must_schedule(noise);
    quell_sampler_options options = quell_sampler_defaults();
    quell_sampler *sampler = NULL;
    options.steps = steps;
    quell_status status = quell_sampler_create(&sampler, spec, denoiser, schedule, &options);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    if (!status) return off(spec, noise, steps, model, denoiser);
    CHECK(strstr(quell_error_message(), "leave steady=no out"), "%s", quell_error_message());
    return -1;
}

/* How many of them are refused, of steps so many and 12. */
static size_t check_whole_orders(const struct model *model, const quell_denoiser *denoiser,
                                 size_t few)
{
    static const char *const samplers[] = {"heun",     "dpm2",      "dpm2_a", "dpm_single",
                                           "dpm_fast", "restart",   "res_2s", "dpm_single:order=2",
                                           "seeds3",   "dpmpp_2s_a"};
    static const char *const schedules[] = {"vp:sigma_min=%g", "ve:sigma_max=5,sigma_min=%g",
                                            "rectified:sigma_min=%g"};
    size_t refused = 0;
    for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++)
        for (size_t j = 0; j < 6; j++)
            for (double least = 1e-3; least > 1e-10; least /= 100) {
                char noise[64], spec[64];
                size_t steps = j < 3 ? few : 12;
                snprintf(noise, sizeof noise, schedules[j % 3], least);
                snprintf(spec, sizeof spec, "%s%csteady=no", samplers[i],
                         strchr(samplers[i], ':') ? ',' : ':');
                double far = off_or_refused(spec, noise, steps, model, denoiser);
                refused += far == -1;
                CHECK(far < 2e-3, "%s, %s, %s, %zu steps: off by %g", model->kind, spec, noise,
                      steps, far);
            }
    return refused;
}

TEST(last_steps, of_means_in_the_whole_order)
{
    struct model gaussian, points = model_new("empirical", DIM);
    quell_denoiser *eps = callback(&gaussian), *mean = NULL, *empirical = model_denoiser(&points);
    MUST(quell_denoiser_from_function(&mean, DIM, mean_of, NULL, NULL));
    CHECK(check_whole_orders(&gaussian, mean, 1) > 0, "none is refused");
    CHECK(check_whole_orders(&points, empirical, 4) > 0, "none is refused");
    CHECK(check_whole_orders(&gaussian, eps, 1) == 0, "eps has the digits");
    quell_denoiser_free(eps);
    quell_denoiser_free(mean);
    quell_denoiser_free(empirical);
    model_free(&gaussian);
    model_free(&points);
}

/* A clamped mean is a float, whatever it was made of. */
TEST(last_steps, of_clamped_means)
{
    struct model gaussian;
    quell_denoiser *eps = callback(&gaussian);
    quell_schedule *schedule = must_schedule("vp:sigma_min=1e-7");
    quell_sampler_options options = quell_sampler_defaults();
    quell_sampler *sampler = NULL;
    options.steps = 8, options.clamp_high = 20;
    CHECK(quell_sampler_create(&sampler, "heun:steady=no", eps, schedule, &options) ==
              QUELL_BAD_ARGUMENT,
          "taken");
    CHECK(strstr(quell_error_message(), "clamp"), "%s", quell_error_message());
    MUST(quell_sampler_create(&sampler, "heun", eps, schedule, &options));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(eps);
    model_free(&gaussian);
}

/* The solution from x_1 on, where the flow is known; dpm_adaptive has no plan in double. */
static double off_the_flow(const quell_denoiser *denoiser, const char *noise)
{
    quell_schedule *schedule = must_schedule(noise);
    quell_sampler *sampler = must_sampler("dpm_adaptive", denoiser, schedule, 1);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    float x[SAMPLES * DIM];
    double y[SAMPLES * DIM], alpha, sigma;
    draw.seed = SEED, draw.count = SAMPLES, run.threads = 1;
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
    for (size_t i = 0; i < SAMPLES * DIM; i++)
        y[i] = ((double)x[i] - alpha / 2) / hypot(alpha / 2, sigma);
    MUST(quell_schedule_at(schedule, 0, &alpha, &sigma));
    for (size_t i = 0; i < SAMPLES * DIM; i++) y[i] = alpha / 2 + hypot(alpha / 2, sigma) * y[i];
    MUST(quell_sample_from(sampler, &draw, &run, x));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    return furthest(x, y, SAMPLES * DIM);
}

TEST(last_steps, of_adaptive_steps)
{
    static const char *const schedules[] = {"vp:sigma_min=%g", "ve:sigma_max=5,sigma_min=%g",
                                            "rectified:sigma_min=%g"};
    struct model gaussian;
    quell_denoiser *denoisers[] = {callback(&gaussian), NULL};
    MUST(quell_denoiser_from_function(&denoisers[1], DIM, mean_of, NULL, NULL));
    for (size_t i = 0; i < 6; i++)
        for (double least = 1e-3; least > 1e-10; least /= 100) {
            char noise[64];
            snprintf(noise, sizeof noise, schedules[i % 3], least);
            double far = off_the_flow(denoisers[i / 3], noise);
            CHECK(far < 0.01, "%s, %s: off by %g", i < 3 ? "eps" : "x0", noise, far);
        }
    quell_denoiser_free(denoisers[0]);
    quell_denoiser_free(denoisers[1]);
    model_free(&gaussian);
}
