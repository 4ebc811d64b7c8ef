/* SPDX-License-Identifier: MIT */
/* Grids that are refused say what would do; grids that the caller gives by levels of noise. */
#include "fixture.h"
#include "harness.h"
#include "grids/grid.h"
#include "names.h"

#include <math.h>
#include <string.h>

static void refused(const char *schedule_spec, const char *grid, double start, size_t steps,
                    const char *says)
{
    quell_point points[64];
    quell_schedule *made = must_schedule(schedule_spec);
    quell_status status = quell_grid_make(made, grid, start, 0, steps, points);
    CHECK(status == QUELL_BAD_ARGUMENT || status == QUELL_NOT_FOUND, "'%s' on %s was accepted",
          grid, schedule_spec);
    CHECK(strstr(quell_error_message(), says), "'%s' on %s: %s", grid, schedule_spec,
          quell_error_message());
    quell_schedule_free(made);
}

TEST(grids, refusals)
{
    refused("vp", "nothing", 1, 4, "quell list grids");
    refused("vp", "karrass", 1, 4, "no such grid");
    refused("vp", "karras:rho=0", 1, 4, "from 0.1 to 100");
    refused("vp", "karras:scale=log", 1, 4, "ratio|flow");
    refused("vp", "linear:final=1", 1, 4, "min|zero");
    refused("vp", "linear", 1.5, 4, "start is 1.5");
    refused("flow", "karras", 1, 4, "alpha is 0");
    refused("flow", "exponential:scale=flow", 1, 4, "sigma is 0");
    refused("beta_linear:zero_snr=yes", "logsnr", 1, 4, "kl_optimal");
    refused("vp", "discrete", 1, 4, "no table");
    refused("beta_linear", "discrete", 0.5, 4, "start must be 1");
    refused("beta_linear:train=10", "discrete", 1, 10, "at most 9");
    refused("beta_linear:train=10", "discrete:final=zero", 1, 11, "at most 10");
    refused("beta_linear:train=10", "simple:final=zero", 1, 11, "at most 10");
    refused("beta_linear", "discrete:spacing=leading", 1, 4, "offset=1");
    refused("beta_linear", "discrete:steps_offset=1", 1, 4, "spacing=leading");
    refused("beta_linear:train=10", "discrete:spacing=leading,steps_offset=2,final=zero", 1, 5,
            "beyond");
    refused("vp", "linear_quadratic:linear_steps=4", 1, 4, "linear steps");
    refused("vp", "linear_quadratic:threshold_noise=0.5,linear_steps=1", 1, 4, "linear steps");
    refused("vp", "beta:alpha=10,beta=0.1", 1, 50, "coincide");
}

/* start and stop hold for all grids that have them. */
TEST(grids, parts)
{
    quell_schedule *made = must_schedule("flow");
    quell_point points[6], first, last;
    MUST(quell_schedule_point(made, 0.999, &first));
    MUST(quell_schedule_point(made, 0.001, &last));
    for (size_t i = 0; grid_name(i); i++) {
        if (!strcmp(grid_name(i), "discrete")) continue;
        MUST(quell_grid_make(made, grid_name(i), 0.999, 0.001, 5, points));
        CHECK(!memcmp(&points[0], &first, sizeof first) && !memcmp(&points[5], &last, sizeof last),
              "%s: from %g to %g", grid_name(i), points[0].t, points[5].t);
    }
    quell_schedule_free(made);
}

static quell_status with_sigmas(const double *sigmas, size_t count)
{
    quell_sampler *sampler = NULL;
    options.steps = count - 1, options.sigmas = sigmas;
    quell_status status = quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options);
    quell_sampler_free(sampler);
    return status;
}

static void check_sigmas(const double *sigmas, size_t steps)
{
    quell_point points[8];
    MUST(quell_grid_from_sigmas(schedule, sigmas, steps, points));
    MUST(with_sigmas(sigmas, steps + 1));
    for (size_t i = 0; i <= steps; i++) {
        double ratio = exp(-quell_lambda(&points[i]));
        CHECK(ratio == sigmas[i] || fabs(ratio - sigmas[i]) < 1e-14 * sigmas[i],
              "sigma %zu: %.17g, not %.17g", i, ratio, sigmas[i]);
    }
}

TEST(grids, sigmas)
{
    begin("ve");
    check_sigmas((const double[]){1000, 10, 1, 0.001}, 3);
    check_sigmas((const double[]){500, 0.25, 0}, 2);
    check_sigmas((const double[]){3, 0}, 1);
    CHECK(with_sigmas((const double[]){1011, 1}, 2) == QUELL_BAD_ARGUMENT, "above the schedule");
    CHECK(strstr(quell_error_message(), "from 1000 to 0.001"), "%s", quell_error_message());
    CHECK(with_sigmas((const double[]){10, 0.0009}, 2) == QUELL_BAD_ARGUMENT, "below it");
    CHECK(with_sigmas((const double[]){1005, 1001}, 2) == QUELL_BAD_ARGUMENT, "one end twice");
    CHECK(with_sigmas((const double[]){10, 10}, 2) == QUELL_BAD_ARGUMENT, "do not fall");
    CHECK(!strcmp(quell_error_message(),
                  "sampler: sigma 1 is 10, after 10; sigmas must fall and be >= 0"),
          "%s", quell_error_message());
    CHECK(with_sigmas((const double[]){10, -1}, 2) == QUELL_BAD_ARGUMENT, "negative");
    CHECK(with_sigmas((const double[]){(double)NAN, 1}, 2) == QUELL_BAD_ARGUMENT, "NaN");
    const double times[] = {1, 0};
    options.times = times;
    CHECK(with_sigmas((const double[]){10, 1}, 2) == QUELL_BAD_ARGUMENT, "both are given");
    options.times = NULL;
    quell_schedule_free(schedule);
    schedule = must_schedule("flow");
    check_sigmas((const double[]){(double)INFINITY, 7, 1e-9, 0}, 3);
    end();
}

/* Align Your Steps (2404.14507), as published: rounded, so that the ends lie beyond the tables. */
TEST(grids, published_sigmas)
{
    static const double lists[][12] = {
        {14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029, 0},
        {14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029, 0},
        {700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002, 0}};
    static const char *const specs[] = {"beta_scaled_linear", "beta_scaled_linear",
                                        "edm:sigma_min=0.002,sigma_max=700"};
    for (int i = 0; i < 3; i++) {
        quell_schedule *own;
        quell_point points[12], first, last;
        MUST(quell_schedule_create(&own, specs[i]));
        MUST(quell_grid_from_sigmas(own, lists[i], 11, points));
        MUST(quell_schedule_point(own, 1, &first));
        MUST(quell_schedule_point(own, 0, &last));
        CHECK(points[0].t == 1 && points[0].sigma == first.sigma, "%s: begins at t = %g", specs[i],
              points[0].t);
        CHECK(points[10].t == 0 && points[10].sigma == last.sigma, "%s: ends at t = %g", specs[i],
              points[10].t);
        CHECK(points[11].sigma == 0, "%s: the last sigma", specs[i]);
        for (int k = 1; k < 10; k++) {
            double ratio = points[k].sigma / points[k].alpha;
            CHECK(fabs(ratio / lists[i][k] - 1) < 1e-12, "%s: sigma %d: %g", specs[i], k, ratio);
        }
        quell_schedule_free(own);
    }
}
