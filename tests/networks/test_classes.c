/* SPDX-License-Identifier: MIT */
/* Samples by class: their bits do not depend on who else is in the run. */
#include "formula_weights.h"
#include "harness.h"
#include "denoisers/network_denoiser.h"
#include "networks/mlp.h"

#include <quell/quell.h>
#include <string.h>

enum { COUNT = 37, DIM = 3, CLASSES = 4 };

static quell_sampler *new_sampler(const char *name)
{
    struct formula_weights state = {0};
    struct quell_weights from = formula_weights(&state);
    const struct quell_mlp_shape shape = {DIM, 20, 2, QUELL_SILU, {6, 9, CLASSES, 1e4}};
    const struct quell_parametrization karras = {.output = QUELL_X0, .precondition = QUELL_KARRAS};
    struct quell_network *network = NULL;
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = strcmp(name, "dpm_adaptive") ? 5 : 0;
    CHECK(!quell_mlp_load(&network, &from, &shape), "%s", quell_error_message());
    CHECK(!quell_denoiser_network(&denoiser, network, &karras), "%s", quell_error_message());
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, name, denoiser, schedule, &options), "%s",
          quell_error_message());
    CHECK(quell_denoiser_classes(denoiser) == CLASSES, "not %d classes", CLASSES);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    return sampler;
}

static void draw_all(const quell_sampler *sampler, quell_draw draw, quell_run run, float *x)
{
    CHECK(!quell_sample(sampler, &draw, &run, x), "%s", quell_error_message());
}

static void check_sampler(const char *name)
{
    quell_sampler *sampler = new_sampler(name);
    int32_t classes[COUNT];
    float all[COUNT][DIM], part[COUNT][DIM], none[COUNT][DIM];
    for (int i = 0; i < COUNT; i++) classes[i] = i * 3 % (CLASSES + 1) - 1;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 5, draw.count = COUNT, run.isa = "scalar", run.threads = 1;
    draw_all(sampler, draw, run, none[0]);
    draw.classes = classes;
    draw_all(sampler, draw, run, all[0]);
    for (int i = 0; i < COUNT; i++)
        CHECK(!memcmp(all[i], none[i], sizeof *all) == (classes[i] < 0), "%s: sample %d", name, i);
    run.isa = NULL;
    for (size_t rows = 1; rows <= COUNT; rows = rows * 2 + 1)
        for (size_t first = 0; first + rows <= COUNT; first += rows) {
            draw.first = first, draw.count = rows, draw.classes = classes + first;
            run.threads = 1 + rows % 3, run.tile = rows % 5;
            draw_all(sampler, draw, run, part[0]);
            CHECK(!memcmp(part, all[first], rows * sizeof *part), "%s: %zu from %zu", name, rows,
                  first);
        }
    quell_sampler_free(sampler);
}

TEST(classes, samples_are_their_own)
{
    check_sampler("ddim");
    check_sampler("ddpm");
    check_sampler("dpmpp_2m");
    check_sampler("dpm_adaptive");
}

TEST(classes, refused)
{
    quell_sampler *sampler = new_sampler("ddim");
    float x[2][DIM] = {{0}};
    const int32_t wrong[][2] = {{0, CLASSES}, {-2, 0}, {0, INT32_MAX}};
    for (size_t i = 0; i < 3; i++) {
        quell_draw draw = quell_draw_defaults();
        draw.count = 2, draw.classes = wrong[i];
        CHECK(quell_sample_from(sampler, &draw, NULL, x[0]) == QUELL_BAD_ARGUMENT, "case %zu", i);
        CHECK(strstr(quell_error_message(), "has 4 classes"), "%s", quell_error_message());
    }
    quell_sampler_free(sampler);
}
