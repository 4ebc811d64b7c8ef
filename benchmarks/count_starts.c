/* SPDX-License-Identifier: MIT */
/* What a program does before its first sample: it loads a model and creates a sampler. */
#include "count_work.h"
#include <quell/quell.h>

static void load(void *data)
{
    quell_model *model;
    count_check(!quell_model_load(&model, data));
    quell_model_free(model);
}

struct job {
    const char *spec;
    const quell_denoiser *denoiser;
    const quell_schedule *schedule;
};

static void create(void *data)
{
    const struct job *job = data;
    quell_sampler *sampler;
    count_check(!quell_sampler_create(&sampler, job->spec, job->denoiser, job->schedule, NULL));
    quell_sampler_free(sampler);
}

void count_models(void) { count_work("load builtin:glyphs", "any", 1, load, "builtin:glyphs"); }

void count_samplers(void)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    count_check(!quell_denoiser_from_isotropic(&denoiser, 64, NULL, 1) &&
                !quell_schedule_create(&schedule, "vp"));
    struct job ddim = {"ddim", denoiser, schedule}, unipc = {"unipc:order=3", denoiser, schedule};
    count_work("create ddim, 64 steps", "any", 1, create, &ddim);
    count_work("create unipc, order 3, 64 steps", "any", 1, create, &unipc);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
