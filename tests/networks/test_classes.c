/* SPDX-License-Identifier: MIT */
/* Samples by class: their bits do not depend on who else is in the run. */
#include "harness.h"
#include "models.h"
#include "small_networks.h"

#include <quell/quell.h>
#include <string.h>

enum { COUNT = 37, DIM = 3, CLASSES = 4 };

static quell_sampler *new_sampler(const char *name)
{
    quell_denoiser *denoiser = small_network_denoiser("space");
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler(name, denoiser, schedule, steps_for(name, 5));
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
        CHECK(strstr(quell_error_message(), "must be 0 to 3, or -1 for none"), "%s",
              quell_error_message());
    }
    quell_sampler_free(sampler);
}
