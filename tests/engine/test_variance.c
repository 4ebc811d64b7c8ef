/* SPDX-License-Identifier: MIT */
/* DDPM with the variances that a network learned: against diffusers' formula in double, transition
 * by transition. */
#include "doubles.h"
#include "drawing.h"
#include "harness.h"
#include "naive_key.h"
#include "models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* mu = x / 2 + a bit, and v from -1.2 to 1.2: networks overshoot. */
static float mean_of(float x, uint64_t sample, size_t e)
{
    return 0.5f * x + 0.25f * (float)((sample + e) % 5);
}

static float variance_of(uint64_t sample, size_t e)
{
    return 0.3f * (float)((3 * sample + 7 * e) % 9) - 1.2f;
}

static int network(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t r = 0; r < call->rows; r++)
        for (size_t e = 0; e < call->dim; e++) {
            size_t i = r * call->dim + e;
            output[i] = mean_of(input[i], call->first + r, e);
            if (call->variance) call->variance[i] = variance_of(call->first + r, e);
        }
    return 0;
}

static quell_denoiser *learned(size_t dim)
{
    quell_function_options options = quell_function_defaults();
    options.reproducible = 1, options.variance = "learned_range";
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_function(&denoiser, dim, network, NULL, &options));
    return denoiser;
}

enum { DIM = 6, COUNT = 5 };

/* diffusers' DDPMScheduler: beta = 1 - abar_t / abar_s, the posterior's variance beta
 * (1 - abar_s) / (1 - abar_t), and log V between them by (v + 1) / 2. */
static void check_step(const quell_schedule *schedule, double t, double s, float *x,
                       const float *next)
{
    double alpha_t, sigma_t, alpha_s, sigma_s;
    MUST(quell_schedule_at(schedule, t, &alpha_t, &sigma_t));
    MUST(quell_schedule_at(schedule, s, &alpha_s, &sigma_s));
    double beta = sigma_t * sigma_t - pow(alpha_t / alpha_s * sigma_s, 2);
    double least = log(beta * pow(sigma_s / sigma_t, 2)), most = log(beta);
    double kept = alpha_t / alpha_s * pow(sigma_s / sigma_t, 2);
    for (size_t i = 0; i < COUNT * DIM; i++) {
        uint64_t sample = 20 + i / DIM;
        float z, mu = mean_of(x[i], sample, i % DIM), v = variance_of(sample, i % DIM);
        MUST(quell_noise(naive_key(6, t, s), 0, sample, i % DIM, 1, &z));
        double part = ((double)v + 1) / 2, spread = exp((part * most + (1 - part) * least) / 2);
        double right =
            kept * (double)x[i] + (alpha_s - kept * alpha_t) * (double)mu + spread * (double)z;
        CHECK(fabs((double)next[i] - right) < 3e-6 * (1 + fabs(right)),
              "t = %g to %g, element %zu: %.9g, not %.9g", t, s, i, (double)next[i], right);
    }
}

TEST(variance, learned_range)
{
    static const char *const schedules[] = {"vp", "cosine", "beta_linear"};
    quell_denoiser *denoiser = learned(DIM);
    for (size_t k = 0; k < 3; k++) {
        quell_schedule *schedule = must_schedule(schedules[k]);
        quell_sampler *sampler = must_sampler("ddpm:variance=learned_range", denoiser, schedule, 4);
        for (double t = 1; t > 0; t -= 0.25) {
            quell_draw draw = quell_draw_defaults();
            draw.seed = 6, draw.first = 20, draw.count = COUNT;
            float x[COUNT * DIM], next[COUNT * DIM];
            MUST(quell_sample_prior(sampler, &draw, NULL, x));
            memcpy(next, x, sizeof x);
            MUST(quell_step(sampler, &draw, NULL, t, t - 0.25, next));
            check_step(schedule, t, t - 0.25, x, next);
        }
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
    }
    quell_denoiser_free(denoiser);
}

TEST(variance, every_way)
{
    static const size_t dims[] = {1, 5, 64, 9001, 200000};
    for (size_t i = 0; i < 5; i++) {
        quell_denoiser *denoiser = learned(dims[i]);
        quell_schedule *schedule = must_schedule("vp");
        quell_sampler *sampler = must_sampler("ddpm:variance=learned_range", denoiser, schedule, 3);
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        draw.count = dims[i] > 1000 ? 2 : 300 / dims[i], run.threads = 1;
        float *x = malloc(draw.count * dims[i] * sizeof *x);
        must_draw(sampler, &draw, &run, x);
        check_every_way("learned_range", sampler, &draw, &run, x);
        free(x);
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_denoiser_free(denoiser);
    }
}

static void network_in_double(void *user, const quell_point *t, const double *x, double *mu)
{
    (void)t;
    for (size_t e = 0; e < DIM; e++) {
        mu[e] = 0.5 * x[e] + 0.25 * (double)((*(uint64_t *)user + e) % 5);
        mu[DIM + e] = (double)variance_of(*(uint64_t *)user, e);
    }
}

/* A whole run beside its plan in double. alpha is 0 at the start of some grids, and
 * sigma at the end. */
static void check_run(const char *spec, const char *grid_spec, int brownian, int whole_batch)
{
    enum { STEPS = 9 };
    quell_function_options callback = quell_function_defaults();
    callback.reproducible = 1, callback.whole_batch = whole_batch,
    callback.variance = "learned_range";
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_function(&denoiser, DIM, network, NULL, &callback));
    quell_schedule *schedule = must_schedule(spec);
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = STEPS, options.grid = grid_spec, options.brownian = brownian;
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, "ddpm:variance=learned_range", denoiser, schedule,
                              &options));
    quell_point *grid = doubles_grid(grid_spec, schedule, STEPS);
    struct quell_plan plan =
        doubles_plan("ddpm:variance=learned_range", schedule, grid, STEPS, brownian);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 11, draw.first = 40, draw.count = COUNT;
    float x[COUNT * DIM], start[COUNT * DIM];
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    memcpy(start, x, sizeof x);
    MUST(quell_sample_from(sampler, &draw, &run, x));
    for (size_t k = 0; k < COUNT; k++) {
        uint64_t sample = 40 + k;
        struct doubles doubles = {.dim = DIM, .denoise = network_in_double, .seed = 11};
        doubles.user = &sample, doubles.sample = sample;
        double right[DIM];
        for (size_t e = 0; e < DIM; e++) right[e] = (double)start[k * DIM + e];
        doubles_run(&doubles, &plan, right);
        for (size_t e = 0; e < DIM; e++)
            CHECK(fabs((double)x[k * DIM + e] - right[e]) < 1e-5 * (1 + fabs(right[e])),
                  "%s, %s: sample %zu, element %zu: %.9g, not %.9g", spec, grid_spec, k, e,
                  (double)x[k * DIM + e], right[e]);
    }
    quell_plan_free(&plan);
    free(grid);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(variance, runs)
{
    check_run("vp", "linear", 0, 0);
    check_run("vp", "linear", 1, 0);
    check_run("vp", "linear", 0, 1);
    check_run("vp", "karras:final=zero", 0, 0);
    check_run("rectified", "linear", 0, 0);
    check_run("beta_linear:zero_snr=yes", "linear:final=zero", 0, 0);
    check_run("beta_linear:zero_snr=yes", "linear:final=zero", 1, 1);
}

/* A noise must be a number that quell_plan_noise returned; any other would be read beyond the
 * list. */
TEST(variance, spread_refuses)
{
    quell_schedule *schedule = must_schedule("vp");
    static const double bounds[][2] = {
        {0, (double)INFINITY}, {(double)NAN, 0}, {1e308, 1e308}, {-1e39, 0}};
    for (size_t i = 0; i < 5; i++) {
        struct quell_plan plan = quell_plan_begin(schedule);
        quell_point t = quell_plan_at(&plan, 1);
        quell_register_id v, mu = quell_plan_denoise_variance(&plan, QUELL_STATE, &t, &v);
        CHECK(!plan.status && mu != v, "registers");
        uint32_t noise = i < 4 ? quell_plan_noise(&plan, 0, &t, &t) : 7;
        quell_plan_spread(&plan, QUELL_STATE, v, i < 4 ? bounds[i][0] : 0, i < 4 ? bounds[i][1] : 1,
                          noise);
        CHECK(plan.status == QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), i < 4 ? "finite" : "quell_plan_noise"),
              "%zu: %s", i, quell_error_message());
        quell_plan_free(&plan);
        plan = quell_plan_begin(schedule);
        t = quell_plan_at(&plan, 1);
        mu = quell_plan_denoise(&plan, QUELL_STATE, &t);
        quell_plan_langevin(&plan, QUELL_STATE, mu, 1, (quell_noise_term){1, 7});
        CHECK(plan.status == QUELL_BAD_ARGUMENT, "langevin: a noise without a name");
        quell_plan_free(&plan);
    }
    quell_schedule_free(schedule);
}

TEST(variance, print)
{
    quell_denoiser *denoiser = learned(DIM);
    quell_schedule *schedule = must_schedule("rectified");
    quell_sampler *sampler = must_sampler("ddpm:variance=learned_range", denoiser, schedule, 2);
    char text[2000];
    quell_sampler_print(sampler, text, sizeof text);
    CHECK(strstr(text, "r1 = E[X | x], r2 = v at") && strstr(text, "SPREAD   x += exp("), "%s",
          text);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

/* Between points of one lambda nothing is drawn, and no logarithm of 0 gets into the plan. */
TEST(variance, still)
{
    static const char *const specs[] = {"ddpm:variance=large", "ddpm:variance=learned_range"};
    quell_schedule *schedule = must_schedule("vp");
    struct quell_plan at = quell_plan_begin(schedule);
    quell_point t = quell_plan_at(&at, 0.5), grid[] = {t, t};
    for (size_t i = 0; i < 2; i++) {
        struct quell_plan plan = doubles_plan(specs[i], schedule, grid, 1, 0);
        for (size_t k = 0; k < plan.count; k++)
            CHECK(plan.ops[k].kind != QUELL_SPREAD && !plan.ops[k].noises, "%s: noise", specs[i]);
        quell_plan_free(&plan);
    }
    quell_plan_free(&at);
    quell_schedule_free(schedule);
}

/* A step to sigma = 0 draws no noise, and a run of one step works. */
TEST(variance, ends)
{
    quell_denoiser *denoiser = learned(DIM);
    quell_schedule *schedule = must_schedule("flow");
    quell_sampler *sampler = must_sampler("ddpm:variance=learned_range", denoiser, schedule, 1);
    quell_draw draw = quell_draw_defaults();
    draw.first = 20, draw.count = COUNT;
    float x[COUNT * DIM], end[COUNT * DIM];
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    memcpy(end, x, sizeof x);
    MUST(quell_sample_from(sampler, &draw, NULL, end));
    for (size_t i = 0; i < COUNT * DIM; i++)
        CHECK(end[i] == mean_of(x[i], 20 + i / DIM, i % DIM), "element %zu is %.9g", i,
              (double)end[i]);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

/* The same, but for v in element 4 of sample 21, which is that of `user`. */
static int mistaken(void *user, const quell_call *call, const float *input, float *output)
{
    network(NULL, call, input, output);
    for (size_t r = 0; call->variance && r < call->rows; r++)
        if (call->first + r == 21) call->variance[r * call->dim + 4] = *(const float *)user;
    return 0;
}

/* What is no v, such as a logarithm of a variance, is refused where it would show; a network that
 * overshoots is not, nor is one whose v does nothing, as at much noise. */
TEST(variance, mistaken)
{
    static const float v[] = {30, 5, -10, 2.5f, -2.5f};
    quell_schedule *schedule = must_schedule("vp");
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        quell_denoiser *denoiser = NULL;
        quell_function_options options = quell_function_defaults();
        float own = v[i], x[COUNT * DIM];
        options.variance = "learned_range";
        MUST(quell_denoiser_from_function(&denoiser, DIM, mistaken, &own, &options));
        quell_sampler *sampler =
            must_sampler("ddpm:variance=learned_range", denoiser, schedule, 20);
        quell_draw draw = quell_draw_defaults();
        draw.first = 20, draw.count = COUNT;
        quell_status status = quell_sample(sampler, &draw, NULL, x);
        CHECK(status == (i < 3 ? QUELL_DENOISER_FAILED : QUELL_OK), "v = %g: %s, %s", (double)own,
              quell_status_name(status), quell_error_message());
        char said[80];
        snprintf(said, sizeof said, "returned %g for its variance in element 4; must be v in",
                 (double)own);
        CHECK(!status || strstr(quell_error_message(), said), "%s", quell_error_message());
        uint64_t sample = 0;
        CHECK(!status || (quell_error_sample(&sample, NULL) && sample == 21), "sample %d",
              (int)sample);
        quell_sampler_free(sampler);
        quell_denoiser_free(denoiser);
    }
    quell_schedule_free(schedule);
}

TEST(variance, refusals)
{
    struct model model = model_new("isotropic", 2);
    quell_denoiser *denoiser = model_denoiser(&model), *other = NULL;
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = NULL;
    CHECK(quell_sampler_create(&sampler, "ddpm:variance=learned_range", denoiser, schedule, NULL) ==
                  QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "learned"),
          "%s", quell_error_message());
    quell_function_options options = quell_function_defaults();
    options.variance = "guessed";
    CHECK(quell_denoiser_from_function(&other, 2, network, NULL, &options) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "learned_range"),
          "%s", quell_error_message());
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}
