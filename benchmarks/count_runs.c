/* SPDX-License-Identifier: MIT */
/* Whole runs on one thread, x_1 -> x_0. */
#include "count_work.h"
#include <quell/quell.h>
#include "base/memory.h"
#include "denoisers/denoiser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static quell_denoiser *isotropic(size_t dim)
{
    quell_denoiser *denoiser;
    count_check(!quell_denoiser_from_isotropic(&denoiser, dim, NULL, 0.5));
    return denoiser;
}

static quell_denoiser *load(const char *name)
{
    quell_model *model;
    count_check(!quell_model_load(&model, name));
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    quell_denoiser_hold(denoiser);
    quell_model_free(model);
    return (quell_denoiser *)(uintptr_t)denoiser;
}

static quell_denoiser *mixture(size_t dim)
{
    (void)dim;
    return load("builtin:grid25");
}

static quell_denoiser *rings(size_t dim)
{
    (void)dim;
    return load("builtin:rings");
}

static quell_denoiser *glyphs(size_t dim)
{
    (void)dim;
    return load("builtin:glyphs");
}

#define POINTS 300 /* of the empirical denoiser */

static quell_denoiser *empirical(size_t dim)
{
    quell_denoiser *denoiser;
    float *points = quell_new(POINTS * dim, sizeof *points);
    const struct quell_noise_at at = {.seed = 3};
    count_check(points != NULL);
    quell_kernels_at(0)->normals(&at, POINTS * dim / 4, points);
    count_check(!quell_denoiser_from_points(&denoiser, POINTS, dim, points));
    free(points);
    return denoiser;
}

static quell_denoiser *unet(size_t dim)
{
    (void)dim;
    return load(COUNT_NETWORKS "/unet_square.safetensors");
}

struct run {
    const char *sampler, *model;
    quell_denoiser *(*denoiser)(size_t dim);
    size_t count, dim, steps;
};

/* The update has the greatest share with "isotropic". With steady=no, because such long steps would
 * be Euler's otherwise. */
static const char *const samplers[] = {"ddim",     "ddpm",         "heun:steady=no",
                                       "dpmpp_2m", "dpmpp_2m_sde", "unipc"};
static const struct run by_all[] = {
    {NULL, "isotropic", isotropic, 16, 3072, 4},
    {NULL, "mixture", mixture, 512, 2, 4},
    {NULL, "empirical", empirical, 32, 32, 4},
};

static const struct run alone[] = {
    {"ddim", "isotropic", isotropic, 1, 64, 64},
    {"ddpm", "isotropic", isotropic, 2048, 2, 4},
};

/* These are left out in plain C, where their products take most of a minute. */
static const struct run networks[] = {
    {"ddim", "rings", rings, 64, 2, 4},
    {"ddim", "glyphs", glyphs, 2, 784, 2},
    {"ddim", "unet", unet, 4, 144, 2},
};

struct job {
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float *x;
};

static void forward(void *data)
{
    struct job *job = data;
    count_check(!quell_sample_from(job->sampler, &job->draw, &job->run, job->x));
}

static void count_run(const struct run *row, const char *isa)
{
    char name[100];
    quell_schedule *schedule;
    struct job job = {.draw = quell_draw_defaults(), .run = quell_run_defaults()};
    quell_sampler_options options = quell_sampler_defaults();
    quell_denoiser *denoiser = row->denoiser(row->dim);
    options.steps = row->steps;
    count_check(!quell_schedule_create(&schedule, "vp") &&
                !quell_sampler_create(&job.sampler, row->sampler, denoiser, schedule, &options));
    job.draw.count = row->count;
    job.run.threads = 1;
    job.run.isa = isa;
    job.x = quell_new(row->count * quell_denoiser_dim(denoiser), sizeof *job.x);
    count_check(job.x && !quell_sample_prior(job.sampler, &job.draw, &job.run, job.x));
    snprintf(name, sizeof name, "%s, %s, %zu x %zu, %zu steps", row->sampler, row->model,
             row->count, quell_denoiser_dim(denoiser), row->steps);
    count_work(name, isa, (double)(row->count * quell_denoiser_dim(denoiser) * row->steps), forward,
               &job);
    free(job.x);
    quell_sampler_free(job.sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

void count_runs(const char *isa)
{
    for (size_t i = 0; i < LENGTH(by_all); i++)
        for (size_t j = 0; j < LENGTH(samplers); j++) {
            struct run run = by_all[i];
            run.sampler = samplers[j];
            count_run(&run, isa);
        }
    for (size_t i = 0; i < LENGTH(alone); i++) count_run(alone + i, isa);
    if (!strcmp(isa, "scalar")) return;
    for (size_t i = 0; i < LENGTH(networks); i++) count_run(networks + i, isa);
}
