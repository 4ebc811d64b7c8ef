/* SPDX-License-Identifier: MIT */
#include "draw.h"

#include <string.h>

#define DIM 1024
#define COUNT 2

static void run(quell_sampler *sampler)
{
    static float x[COUNT * DIM];
    char plan[256];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT;
    run.threads = 1;
    (void)quell_sample(sampler, &draw, &run, x);
    (void)quell_sampler_print(sampler, plan, sizeof plan);
    (void)quell_sampler_print(sampler, NULL, 0);
}

void draw(const quell_denoiser *denoiser, const char *sampler_spec, const char *schedule_spec,
          const char *grid)
{
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    if (strncmp(sampler_spec, "dpm_adaptive", 12)) options.steps = 3;
    if (*grid) options.grid = grid;
    if (quell_denoiser_dim(denoiser) <= DIM &&
        !quell_schedule_create(&schedule, *schedule_spec ? schedule_spec : "vp") &&
        !quell_sampler_create(&sampler, *sampler_spec ? sampler_spec : "ddim", denoiser, schedule,
                              &options))
        run(sampler);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}
