/* SPDX-License-Identifier: MIT */
/* What tests of samplers begin with: a small diagonal Gaussian, a schedule, and options with four
 * steps. Each file that includes this has them for itself. */
#ifndef QUELL_TESTS_FIXTURE_H
#define QUELL_TESTS_FIXTURE_H

#include "models.h"

enum { DIM = 5 };

static struct model model;
static quell_denoiser *denoiser;
static quell_schedule *schedule;
static quell_sampler_options options;

static void begin(const char *spec)
{
    model = model_new("diagonal", DIM);
    denoiser = model_denoiser(&model);
    schedule = must_schedule(spec);
    options = quell_sampler_defaults();
    options.steps = 4;
}

static void end(void)
{
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
}

#endif
