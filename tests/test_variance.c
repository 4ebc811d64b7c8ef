/* SPDX-License-Identifier: MIT */
/* DDPM with the variances that a network learned: against diffusers' formula in double, transition
 * by transition. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <math.h>
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
    quell_callback_options options = quell_callback_defaults();
    options.exact = 1, options.variance = "learned_range";
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_callback(&denoiser, dim, network, NULL, &options));
    return denoiser;
}

enum { DIM = 6, COUNT = 5 };

/* diffusers' DDPMScheduler: beta = 1 - abar_t / abar_s, the posterior's variance beta (1 - abar_s)
 * / (1 - abar_t), and log V between them by (v + 1) / 2. */
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
        MUST(quell_noise(6, QUELL_STREAM(3, 0), sample, i % DIM, 1, &z));
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
            quell_run run = quell_run_defaults();
            run.seed = 6, run.first = 20, run.count = COUNT, run.transition = 3;
            float x[COUNT * DIM], next[COUNT * DIM];
            MUST(quell_init(sampler, &run, x));
            memcpy(next, x, sizeof x);
            MUST(quell_step(sampler, &run, t, t - 0.25, next));
            check_step(schedule, t, t - 0.25, x, next);
        }
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
    }
    quell_denoiser_free(denoiser);
}

TEST(variance, every_way)
{
    static const size_t dims[] = {1, 5, 64, 9001};
    for (size_t i = 0; i < 4; i++) {
        quell_denoiser *denoiser = learned(dims[i]);
        quell_schedule *schedule = must_schedule("vp");
        quell_sampler *sampler = must_sampler("ddpm:variance=learned_range", denoiser, schedule, 3);
        quell_run run = quell_run_defaults();
        run.count = dims[i] > 1000 ? 2 : 300 / dims[i], run.threads = 1;
        float *x = malloc(run.count * dims[i] * sizeof *x);
        must_draw(sampler, &run, x);
        check_every_way("learned_range", sampler, &run, x);
        free(x);
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_denoiser_free(denoiser);
    }
}

/* To sigma = 0 there is no noise, and one step does. */
TEST(variance, ends)
{
    quell_denoiser *denoiser = learned(DIM);
    quell_schedule *schedule = must_schedule("flow");
    quell_sampler *sampler = must_sampler("ddpm:variance=learned_range", denoiser, schedule, 1);
    quell_run run = quell_run_defaults();
    run.first = 20, run.count = COUNT;
    float x[COUNT * DIM], end[COUNT * DIM];
    MUST(quell_init(sampler, &run, x));
    memcpy(end, x, sizeof x);
    MUST(quell_forward(sampler, &run, end));
    for (size_t i = 0; i < COUNT * DIM; i++)
        CHECK(end[i] == mean_of(x[i], 20 + i / DIM, i % DIM), "element %zu is %.9g", i,
              (double)end[i]);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
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
    quell_callback_options options = quell_callback_defaults();
    options.variance = "guessed";
    CHECK(quell_denoiser_callback(&other, 2, network, NULL, &options) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "learned_range"),
          "%s", quell_error_message());
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}
