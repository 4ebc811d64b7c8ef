/* SPDX-License-Identifier: MIT */
/* Samplers whose steps depend on the sample (pc with Langevin's correction, dpm_adaptive): the same
 * bits however the batch is cut and whoever the neighbours are; and what they refuse. */
#include "drawing.h"
#include "effort.h"
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
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = count, draw.first = 9, run.threads = 1;
    float *x = malloc(count * dim * sizeof *x);
    must_draw(sampler, &draw, &run, x);
    check_every_way(spec, sampler, &draw, &run, x);
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

/* A callback that wants the whole batch gets as many rows at a time as the plan allows. */
TEST(own_norms, whole_batch)
{
    static const char *const specs[] = {"pc:corrector=langevin", "dpm_adaptive:rtol=0.2"};
    enum { COUNT = 5, DIM = 3000 };
    static float a[COUNT * DIM], b[COUNT * DIM];
    quell_schedule *schedule = must_schedule("vp");
    for (size_t i = 0; i < 2; i++)
        for (int whole = 0; whole < 2; whole++) {
            quell_function_options options = quell_function_defaults();
            options.reproducible = 1, options.whole_batch = whole;
            quell_denoiser *denoiser = NULL;
            MUST(quell_denoiser_from_function(&denoiser, DIM, model_callback, NULL, &options));
            quell_sampler *sampler = must_sampler(specs[i], denoiser, schedule, 3);
            quell_draw draw = quell_draw_defaults();
            quell_run run = quell_run_defaults();
            draw.count = COUNT, run.threads = 3;
            must_draw(sampler, &draw, &run, whole ? b : a);
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
    MUST(quell_denoiser_from_isotropic(&point, 4, NULL, 0));
    quell_schedule *schedule = must_schedule("ve");
    quell_sampler *sampler = must_sampler("pc:corrector=langevin", point, schedule, 3);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    uint64_t bad_sample = 0;
    size_t transition = 99;
    float x[4] = {0};
    MUST(quell_sample_from(sampler, &draw, &run, x)); /* E[X | 0] = 0, so eps is 0 at first */
    for (size_t e = 0; e < 4; e++) CHECK(isfinite(x[e]), "element %zu", e);
    quell_sampler_free(sampler);
    sampler = must_sampler("dpm_adaptive:max_tries=3", denoiser, schedule, 3);
    draw.first = 5;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_NO_PROGRESS &&
              quell_error_sample(&bad_sample, &transition) && bad_sample == 5 && transition == 0,
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
    static const char *const specs[] = {"dpm_adaptive:rtol=1,atol=0.3",
                                        "dpm_adaptive:rtol=0.002,atol=0.0005",
                                        "dpm_adaptive:rtol=0.0001,atol=0.00002"};
    double alpha[2], sigma[2], before = INFINITY;
    MUST(quell_schedule_at(schedule, 1, &alpha[0], &sigma[0]));
    MUST(quell_schedule_at(schedule, 0, &alpha[1], &sigma[1]));
    for (size_t i = 0; i < 3; i++) {
        quell_sampler *sampler = must_sampler(specs[i], denoiser, schedule, 64);
        float start[6], x[6];
        MUST(quell_sample_prior(sampler, NULL, NULL, start));
        memcpy(x, start, sizeof x);
        MUST(quell_sample_from(sampler, NULL, NULL, x));
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

/* The variance that pc with Langevin's corrections makes of N(0, 1). */
static double variance_of(size_t dim, size_t count)
{
    double *mean = calloc(dim, sizeof *mean);
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_isotropic(&denoiser, dim, mean, 1));
    quell_sampler *sampler = must_sampler("pc:corrector=langevin", denoiser, schedule, 64);
    quell_draw draw = quell_draw_defaults();
    draw.count = count, draw.seed = 5;
    float *x = calloc(count * dim, sizeof *x);
    must_draw(sampler, &draw, NULL, x);
    double sum = 0;
    for (size_t i = 0; i < count * dim; i++) sum += (double)x[i] * (double)x[i];
    free(x);
    free(mean);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    return sum / (double)(count * dim);
}

/* 3 % are the method's own: its steps do not become shorter. */
TEST(own_norms, langevin_in_law)
{
    static const size_t dims[] = {1, 2, 3, 16, 99, 100, 256};
    for (size_t k = 0; k < sizeof dims / sizeof *dims; k++) {
        size_t count = by_effort(4000, 20000, 400000) / dims[k] + 1;
        double found = variance_of(dims[k], count);
        double bound = 0.04 + 4.5 * sqrt(2 / (double)(count * dims[k]));
        CHECK(fabs(found - 1) < bound, "D = %zu: a variance of %g", dims[k], found);
    }
}

/* The default schedule's sigma / alpha falls from 1000 to 0.001: a tolerance that is relative to
 * the size of x at the start of a step gave a radius of 2.41 +- 0.85. */
TEST(own_norms, adaptive_on_rings)
{
    enum { COUNT = 256 };
    static const char *const specs[] = {"dpm_adaptive", "dpm_adaptive:order=2",
                                        "dpm_adaptive:eta=1"};
    static float x[2 * COUNT];
    int32_t classes[COUNT];
    quell_model *model = NULL;
    MUST(quell_model_load(&model, "builtin:rings"));
    quell_schedule *schedule = must_schedule("vp");
    for (size_t i = 0; i < COUNT; i++) classes[i] = 1;
    for (size_t k = 0; k < 3; k++) {
        quell_sampler *sampler = must_sampler(specs[k], quell_model_denoiser(model), schedule, 1);
        quell_draw draw = quell_draw_defaults();
        draw.count = by_effort(64, COUNT, COUNT), draw.classes = classes;
        must_draw(sampler, &draw, NULL, x);
        double sum = 0, square = 0, n = (double)draw.count;
        for (size_t i = 0; i < draw.count; i++) {
            double radius = hypot((double)x[2 * i], (double)x[2 * i + 1]);
            sum += radius / n, square += radius * radius / n;
        }
        double deviation = sqrt(square - sum * sum);
        CHECK(fabs(sum - 2) < 0.03 && deviation < 0.1, "%s: a radius of %g +- %g", specs[k], sum,
              deviation);
        quell_sampler_free(sampler);
    }
    quell_schedule_free(schedule);
    quell_model_free(model);
}
