/* SPDX-License-Identifier: MIT */
/* Samplers whose steps depend on the sample (pc with Langevin's correction, dpm_adaptive): the same
 * bits however the batch is cut and whoever the neighbours are; and what they refuse. */
#include "drawing.h"
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_bits(const char *spec, const char *kind, size_t dim, size_t count)
{
    struct model model = model_new(kind, dim);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("cosine");
    quell_sampler *sampler = must_sampler(spec, denoiser, schedule, 2);
    quell_run run = quell_run_defaults();
    run.count = count, run.first = 9, run.threads = 1;
    float *x = malloc(count * dim * sizeof *x);
    must_draw(sampler, &run, x);
    check_every_way(spec, sampler, &run, x);
    free(x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

static void check_all_bits(const char *spec)
{
    check_bits(spec, "isotropic", 1, 40);
    check_bits(spec, "mixture", 7, 20);
    check_bits(spec, "diagonal", 5003, 3);
    check_bits(spec, "callback", 20000, 2); /* one operation at a time, on 3 threads and more */
}

TEST(own_norms, langevin) { check_all_bits("pc:corrector=langevin"); }
TEST(own_norms, adaptive) { check_all_bits("dpm_adaptive:rtol=0.2,eta=0.5"); }

/* A callback that wants the whole batch gets what the plan lets it have. */
TEST(own_norms, whole_batch)
{
    static const char *const specs[] = {"pc:corrector=langevin", "dpm_adaptive:rtol=0.2"};
    enum { COUNT = 5, DIM = 3000 };
    static float a[COUNT * DIM], b[COUNT * DIM];
    quell_schedule *schedule = must_schedule("vp");
    for (size_t i = 0; i < 2; i++)
        for (int whole = 0; whole < 2; whole++) {
            quell_callback_options options = quell_callback_defaults();
            options.exact = 1, options.whole_batch = whole;
            quell_denoiser *denoiser = NULL;
            MUST(quell_denoiser_callback(&denoiser, DIM, model_callback, NULL, &options));
            quell_sampler *sampler = must_sampler(specs[i], denoiser, schedule, 3);
            quell_run run = quell_run_defaults();
            run.count = COUNT, run.threads = 3;
            must_draw(sampler, &run, whole ? b : a);
            quell_sampler_free(sampler);
            quell_denoiser_free(denoiser);
            CHECK(!whole || !memcmp(a, b, sizeof a), "%s", specs[i]);
        }
    quell_schedule_free(schedule);
}

/* Where eps is 0, no correction is made; too many tries are an error that names the sample. */
TEST(own_norms, ends)
{
    struct model model = model_new("isotropic", 4);
    quell_denoiser *denoiser = model_denoiser(&model), *point = NULL;
    MUST(quell_denoiser_isotropic(&point, 4, NULL, 0));
    quell_schedule *schedule = must_schedule("ve");
    quell_sampler *sampler = must_sampler("pc:corrector=langevin", point, schedule, 3);
    quell_run run = quell_run_defaults();
    quell_report report = {0, 99};
    float x[4] = {0};
    MUST(quell_forward(sampler, &run, x)); /* E[X | 0] = 0, so eps is 0 at first */
    for (size_t e = 0; e < 4; e++) CHECK(isfinite(x[e]), "element %zu", e);
    quell_sampler_free(sampler);
    sampler = must_sampler("dpm_adaptive:max_tries=3", denoiser, schedule, 3);
    run.first = 5, run.report = &report;
    CHECK(quell_forward(sampler, &run, x) == QUELL_NO_PROGRESS && report.sample == 5 &&
              report.transition == 0,
          "%s", quell_error_message());
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(point);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

/* The error falls with the tolerance: the Gaussian's flow is known. */
TEST(own_norms, tolerance)
{
    struct model model = model_new("diagonal", 6);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    static const char *const specs[] = {"dpm_adaptive", "dpm_adaptive:rtol=0.005,atol=0.001",
                                        "dpm_adaptive:rtol=0.0005,atol=0.0001"};
    double alpha[2], sigma[2], before = INFINITY;
    MUST(quell_schedule_at(schedule, 1, &alpha[0], &sigma[0]));
    MUST(quell_schedule_at(schedule, 0, &alpha[1], &sigma[1]));
    for (size_t i = 0; i < 3; i++) {
        quell_sampler *sampler = must_sampler(specs[i], denoiser, schedule, 64);
        quell_run run = quell_run_defaults();
        float start[6], x[6];
        MUST(quell_init(sampler, &run, start));
        memcpy(x, start, sizeof x);
        MUST(quell_forward(sampler, &run, x));
        double worst = 0;
        for (size_t e = 0; e < 6; e++) {
            double m = model.means[e], v = model.variances[e];
            double ratio = sqrt((alpha[1] * alpha[1] * v + sigma[1] * sigma[1]) /
                                (alpha[0] * alpha[0] * v + sigma[0] * sigma[0]));
            double exact = alpha[1] * m + ratio * ((double)start[e] - alpha[0] * m);
            worst = fmax(worst, fabs((double)x[e] - exact));
        }
        CHECK(worst < 0.4 * before, "%s: error %g after %g", specs[i], worst, before);
        before = worst;
        quell_sampler_free(sampler);
    }
    CHECK(before < 0.02, "error %g", before);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}
