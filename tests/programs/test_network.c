/* SPDX-License-Identifier: MIT */
/* A whole network of PyTorch as a program: small_unet.safetensors and the numbers that PyTorch
 * makes of it in float64, both by tests/reference/programs.py. And its samples: the same bits
 * however they are drawn. */
#include "drawing.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"
#include "small_program.h"

#include <quell/quell.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "small_unet.inc"

enum { ELEMENTS = 192, REFERENCES = sizeof reference_time / sizeof *reference_time, COUNT = 5 };

static quell_model *load(void)
{
    char path[1024];
    quell_model *model = NULL;
    snprintf(path, sizeof path, "%s/small_unet.safetensors", getenv("QUELL_PROGRAMS"));
    MUST(quell_model_load(&model, path));
    return model;
}

static quell_sampler *sampler_of(const quell_model *model)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddpm", quell_model_denoiser(model), schedule, 3);
    quell_schedule_free(schedule);
    return sampler;
}

/* Returns the largest magnitude. gcc 12 for aarch64 cannot compile it with fmax. */
static double largest_of(const float *y, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        if (fabs((double)y[i]) > largest) largest = fabs((double)y[i]);
    return largest;
}

TEST(program_network, is_pytorch)
{
    quell_model *model = load();
    quell_sampler *sampler = sampler_of(model);
    double largest = largest_of(reference_y, (size_t)REFERENCES * ELEMENTS);
    for (size_t row = 0; row < REFERENCES; row++) {
        quell_draw draw = quell_draw_defaults();
        quell_run run = quell_run_defaults();
        int32_t class = reference_class[row] < 4 ? reference_class[row] : -1;
        float y[ELEMENTS];
        draw.classes = &class;
        MUST(quell_denoise(sampler, &draw, &run, reference_time[row], reference_x + row * ELEMENTS,
                           y));
        for (size_t i = 0; i < ELEMENTS; i++) {
            double right = reference_y[row * ELEMENTS + i];
            CHECK(fabs((double)y[i] - right) < 2e-6 * largest, "row %zu, element %zu: %g, not %g",
                  row, i, (double)y[i], right);
        }
    }
    quell_sampler_free(sampler);
    quell_model_free(model);
}

/* Both networks, in every way there is: their samples have these digests on every machine. */
static void check_digest(const char *what, const quell_model *model, uint64_t digest)
{
    static const int32_t classes[COUNT] = {0, 0, 2, -1, 1};
    static float x[COUNT * ELEMENTS];
    quell_sampler *sampler = sampler_of(model);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, draw.classes = classes, draw.seed = 5;
    run.isa = "scalar", run.threads = 1, run.tile = 1;
    must_draw(sampler, &draw, &run, x);
    size_t count = COUNT * quell_sampler_dim(sampler);
    CHECK(digest_floats(x, count) == digest, "%s: digest 0x%016llx, not 0x%016llx", what,
          (unsigned long long)digest_floats(x, count), (unsigned long long)digest);
    run = quell_run_defaults();
    check_every_way(what, sampler, &draw, &run, x);
    quell_sampler_free(sampler);
}

TEST(program_network, samples_have_the_same_bits)
{
    static char file[SMALL_PROGRAM_MOST_FILE];
    quell_model *model = load(), *small = calloc(1, sizeof *small);
    check_digest("the U-Net", model, 0x26500e58442796fc);
    size_t size = small_program_file(small_program_description, file);
    MUST(quell_model_read_memory(small, "small", file, size));
    check_digest("every kind", small, 0xefc7c2dcf873a316);
    quell_model_free(model);
    quell_model_free(small);
}

/* Loading the same network again gives the same digest. */
TEST(program_network, digest)
{
    quell_model *one = load(), *other = load();
    CHECK(quell_denoiser_digest(quell_model_denoiser(one)) ==
              quell_denoiser_digest(quell_model_denoiser(other)),
          "a network differs from itself");
    quell_model_free(one);
    quell_model_free(other);
}
