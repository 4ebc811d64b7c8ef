/* SPDX-License-Identifier: MIT */
/* The networks of files/, and samples through them. */
#ifndef QUELL_TESTS_ONNX_NETWORKS_H
#define QUELL_TESTS_ONNX_NETWORKS_H

#include "harness.h"

#include <quell/onnx.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

struct network_path {
    char text[600];
};

static inline struct network_path network_path(const char *name)
{
    struct network_path path;
    const char *folder = getenv("QUELL_ONNX_FILES");
    snprintf(path.text, sizeof path.text, "%s/%s", folder ? folder : "tests/onnx/files", name);
    return path;
}

/* Draws by DDIM in 8 steps. */
static inline quell_status network_draw(const quell_denoiser *denoiser, const char *schedule_spec,
                                        size_t threads, size_t count, float *x)
{
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    options.steps = 8;
    draw.seed = 3;
    draw.count = count;
    run.threads = threads;
    quell_status status = quell_schedule_create(&schedule, schedule_spec);
    if (!status) status = quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options);
    quell_schedule_free(schedule);
    if (!status) status = quell_sample(sampler, &draw, &run, x);
    quell_sampler_free(sampler);
    return status;
}

#endif
