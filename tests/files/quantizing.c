/* SPDX-License-Identifier: MIT */
#include "quantizing.h"
#include "harness.h"
#include "models.h"

#include <math.h>

void settings_of(struct settings *s)
{
    for (size_t i = 0; i < COUNT; i++) s->classes[i] = (int32_t)(i % 2);
    s->guidance = quell_guidance_defaults();
    s->sampling = quell_sampler_defaults();
    s->sampling.steps = STEPS;
    s->draw = quell_draw_defaults();
    s->draw.count = COUNT;
    s->draw.seed = 3;
    s->draw.classes = s->classes;
    s->run = quell_run_defaults();
    s->options = quell_quantize_defaults();
    s->options.bound = 0.03;
    s->options.sampler = "heun";
    s->options.guidance = &s->guidance;
    s->options.sampling = &s->sampling;
    s->options.draw = &s->draw;
    s->options.run = &s->run;
}

void draw_as(const char *name, const char *precision, const quell_denoiser *guide,
             const struct settings *s, float *x)
{
    quell_model *model = NULL;
    quell_denoiser *guided = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_run run = s->run;
    run.progress = NULL, run.progress_user = NULL;
    MUST(quell_model_load_as(&model, name, precision));
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), guide, &s->guidance));
    MUST(quell_schedule_create(&schedule, quell_model_schedule(model)));
    MUST(quell_sampler_create(&sampler, "heun", guided, schedule, &s->sampling));
    MUST(quell_sample(sampler, &s->draw, &run, x));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(guided);
    quell_model_free(model);
}

void draw(const char *name, const struct settings *s, float *x) { draw_as(name, NULL, NULL, s, x); }

double distance(const float *x, const float *y)
{
    double mean = 0, squares = 0, moved = 0;
    for (size_t i = 0; i < COUNT * DIM; i++) mean += (double)x[i] / (COUNT * DIM);
    for (size_t i = 0; i < COUNT * DIM; i++) {
        squares += pow((double)x[i] - mean, 2);
        moved += pow((double)y[i] - (double)x[i], 2);
    }
    return sqrt(moved / squares);
}
