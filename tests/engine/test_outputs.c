/* SPDX-License-Identifier: MIT */
/* Networks return x0, eps, v, score or flow, with or without azula's preconditioning. A callback
 * that computes each of these from the exact posterior mean must give the same mean, and the same
 * samples. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 4, COUNT = 20 };

struct network {
    struct model model;
    const char *output, *precondition;
    atomic_int wrong;
};

/* What the network returns for mu = E[X | x_t = x], from the definitions in denoiser.h. */
static double output_of(const struct network *n, double alpha, double sigma, double x, double mu)
{
    double z = (x - alpha * mu) / sigma, power = sqrt(alpha * alpha + sigma * sigma);
    if (!strcmp(n->precondition, "karras")) return (mu * power - alpha * x / power) / sigma;
    if (!strcmp(n->output, "eps")) return z;
    if (!strcmp(n->output, "v")) return alpha * z - sigma * mu;
    if (!strcmp(n->output, "score")) return -z / sigma;
    if (!strcmp(n->output, "flow")) return z - mu;
    return mu;
}

static int network(void *user, const quell_call *call, const float *input, float *output)
{
    struct network *n = user;
    int plain = !strcmp(n->precondition, "none"), unscaled = !strcmp(n->precondition, "unscaled");
    double power = sqrt(call->alpha * call->alpha + call->sigma * call->sigma);
    int straight = !strcmp(n->precondition, "straight");
    double ratio = call->sigma / call->alpha, sum = call->alpha + call->sigma;
    double time = plain ? call->t : unscaled ? ratio : straight ? call->sigma / sum : log(ratio);
    double scale = plain ? 1 : unscaled ? call->alpha : straight ? sum : power;
    if (fabs(call->time - time) > 1e-14 * (1 + fabs(time))) atomic_fetch_add(&n->wrong, 1);
    for (size_t r = 0; r < call->rows; r++) {
        double x[DIM], mu[DIM];
        for (size_t e = 0; e < DIM; e++) x[e] = input[r * DIM + e] * scale;
        model_denoise(&n->model, call->alpha, call->sigma, x, mu);
        for (size_t e = 0; e < DIM; e++)
            output[r * DIM + e] = (float)output_of(n, call->alpha, call->sigma, x[e], mu[e]);
    }
    return 0;
}

static quell_denoiser *callback(struct network *n)
{
    quell_function_options options = quell_function_defaults();
    options.output = n->output, options.precondition = n->precondition;
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_function(&denoiser, DIM, network, n, &options));
    return denoiser;
}

/* Compares E[X | x_t] at many times. The tolerance is the effect of rounding x_t and the output by
 * 2^-24. */
static void check_means(struct network *n, const quell_sampler *sampler,
                        const quell_schedule *schedule)
{
    for (int k = 0; k <= 20; k++) {
        double t = k / 20.0, alpha, sigma;
        float x[COUNT * DIM], mean[COUNT * DIM];
        quell_draw draw = quell_draw_defaults();
        draw.count = COUNT;
        MUST(quell_schedule_at(schedule, t, &alpha, &sigma));
        for (size_t i = 0; i < COUNT * DIM; i++) x[i] = (float)(((int)(i * 7 % 19) - 9) / 4.0);
        MUST(quell_denoise(sampler, &draw, NULL, t, x, mean));
        for (size_t r = 0; r < COUNT; r++) {
            double state[DIM], mu[DIM];
            for (size_t e = 0; e < DIM; e++) state[e] = x[r * DIM + e];
            model_denoise(&n->model, alpha, sigma, state, mu);
            for (size_t e = 0; e < DIM; e++) {
                int divides = !strcmp(n->output, "eps") || !strcmp(n->output, "score");
                double bound = 1e-6 * (3 + fabs(mu[e])) + (divides ? 3e-7 * 3 / alpha : 0);
                CHECK(fabs(mean[r * DIM + e] - mu[e]) < bound, "%s, %s at t = %g: %.9g, not %.9g",
                      n->output, n->precondition, t, (double)mean[r * DIM + e], mu[e]);
            }
        }
    }
}

static void check_samples(const quell_denoiser *denoiser, const struct network *n,
                          const quell_schedule *schedule)
{
    quell_denoiser *exact = model_denoiser(&n->model);
    quell_sampler_options options = quell_sampler_defaults();
    const double variance = 1;
    options.steps = 10, options.start = 0.9, options.prior_variance = &variance;
    quell_sampler *a, *b;
    MUST(quell_sampler_create(&a, "ddpm", denoiser, schedule, &options));
    MUST(quell_sampler_create(&b, "ddpm", exact, schedule, &options));
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    float x[COUNT * DIM], y[COUNT * DIM];
    must_draw(a, &draw, NULL, x);
    must_draw(b, &draw, NULL, y);
    for (size_t i = 0; i < COUNT * DIM; i++)
        CHECK(fabsf(x[i] - y[i]) < 2e-5f, "%s, %s: %.9g, not %.9g", n->output, n->precondition,
              (double)x[i], (double)y[i]);
    quell_sampler_free(a);
    quell_sampler_free(b);
    quell_denoiser_free(exact);
}

static void check_network(const char *output, const char *precondition)
{
    struct network n = {model_new("diagonal", DIM), output, precondition, 0};
    quell_denoiser *denoiser = callback(&n);
    static const char *const schedules[] = {"rectified", "vp:alpha_min=0.1",
                                            "cosine:alpha_min=0.1"};
    for (size_t i = 0; i < 3; i++) {
        quell_schedule *schedule = must_schedule(schedules[i]);
        quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 3);
        check_means(&n, sampler, schedule);
        check_samples(denoiser, &n, schedule);
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
    }
    CHECK(!n.wrong, "%s, %s: wrong time", output, precondition);
    quell_denoiser_free(denoiser);
    model_free(&n.model);
}

TEST(outputs, every_kind)
{
    static const char *const outputs[] = {"x0", "eps", "v", "score", "flow"};
    for (size_t i = 0; i < 5; i++) {
        check_network(outputs[i], "none");
        check_network(outputs[i], "simple");
        check_network(outputs[i], "unscaled");
        check_network(outputs[i], "straight");
    }
    check_network("x0", "karras");
}

TEST(outputs, refused)
{
    static const char *const bad[][2] = {{"x1", "none"}, {"x0", "edm"}, {"", "none"},
                                         {NULL, "none"}, {"x0", NULL},  {"eps", "karras"}};
    quell_denoiser *denoiser = NULL;
    quell_function_options options = quell_function_defaults();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.output = bad[i][0], options.precondition = bad[i][1];
        CHECK(quell_denoiser_from_function(&denoiser, DIM, network, NULL, &options) ==
                      QUELL_BAD_ARGUMENT &&
                  !denoiser,
              "case %zu", i);
        CHECK(strstr(quell_error_message(), "function"), "%s", quell_error_message());
    }
    CHECK(quell_denoiser_from_function(&denoiser, DIM, NULL, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "NULL");
    CHECK(quell_denoiser_from_function(&denoiser, 0, network, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "dim");
    CHECK(quell_denoiser_from_function(NULL, 1, network, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "place");
}

static int straight(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t, *sigma = t;
    return 0;
}

/* Where the conversion divides by zero: eps and score at alpha = 0, the preconditioning's time at
 * either end. x0, v and flow are defined everywhere. */
TEST(outputs, undefined_points)
{
    static const struct {
        const char *output, *precondition;
        double t;
        quell_status status;
    } cases[] = {{"x0", "none", 1, QUELL_OK},
                 {"x0", "none", 0, QUELL_OK},
                 {"v", "none", 1, QUELL_OK},
                 {"v", "none", 0, QUELL_OK},
                 {"flow", "none", 1, QUELL_OK},
                 {"flow", "none", 0, QUELL_OK},
                 {"eps", "none", 1, QUELL_BAD_ARGUMENT},
                 {"score", "none", 1, QUELL_BAD_ARGUMENT},
                 {"x0", "simple", 1, QUELL_BAD_ARGUMENT},
                 {"x0", "simple", 0, QUELL_BAD_ARGUMENT},
                 {"x0", "unscaled", 1, QUELL_BAD_ARGUMENT},
                 {"x0", "unscaled", 0, QUELL_OK},
                 {"x0", "karras", 1, QUELL_BAD_ARGUMENT}};
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_function(&schedule, straight, NULL, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        quell_denoiser *denoiser = NULL;
        quell_sampler *sampler = NULL;
        quell_function_options options = quell_function_defaults();
        options.output = cases[i].output, options.precondition = cases[i].precondition;
        MUST(quell_denoiser_from_function(&denoiser, DIM, model_callback, NULL, &options));
        quell_sampler_options inner = quell_sampler_defaults();
        inner.start = 0.9, inner.stop = 0.1, inner.steps = 2;
        MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &inner));
        float x[DIM] = {1, 2, 3, 4}, out[DIM];
        quell_status status = quell_denoise(sampler, NULL, NULL, cases[i].t, x, out);
        CHECK(status == cases[i].status, "%s, %s at %g: %s", cases[i].output, cases[i].precondition,
              cases[i].t, quell_status_name(status));
        quell_sampler_free(sampler);
        sampler = NULL;
        if (cases[i].t == 1 && status) {
            inner.start = 1;
            CHECK(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &inner) ==
                          QUELL_BAD_ARGUMENT &&
                      strstr(quell_error_message(), cases[i].output),
                  "%s", quell_error_message());
        }
        quell_denoiser_free(denoiser);
    }
    quell_schedule_free(schedule);
}
