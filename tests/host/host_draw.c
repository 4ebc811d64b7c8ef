/* SPDX-License-Identifier: MIT */
#include "host_draw.h"

#include <string.h>

static const double means[2 * HOST_DIM] = {1, -1, 0.3, -0.7, 0.1, 2};
static const double variances[2 * HOST_DIM] = {0.3, 0.7, 0.05, 1.1, 0.9, 0.01};
static const double vectors[HOST_DIM * HOST_DIM] = {2.0 / 3, -2.0 / 3, 1.0 / 3, 1.0 / 3, 2.0 / 3,
                                                    2.0 / 3, 2.0 / 3,  1.0 / 3, -2.0 / 3};

static quell_status denoiser_of(quell_denoiser **denoiser, int kind)
{
    switch (kind) {
    case 0:
        return quell_denoiser_from_diagonal_mixture(denoiser, 2, HOST_DIM, variances, means,
                                                    variances);
    case 1:
        return quell_denoiser_from_eigenbasis(denoiser, HOST_DIM, means, variances, vectors);
    default:
        return quell_denoiser_from_diagonal(denoiser, HOST_DIM, means, variances);
    }
}

static quell_status draw_with(struct host_draw *drawn, int kind, const quell_draw *draw,
                              const quell_run *run, const quell_sampler *sampler)
{
    float *x = drawn->x[kind];
    quell_status status = quell_sample(sampler, draw, run, x);
    if (!status) status = quell_step(sampler, draw, run, 0.7, 0.3, x);
    size_t used = strlen(drawn->text);
    if (!status) quell_sampler_print(sampler, drawn->text + used, sizeof drawn->text - used);
    return status;
}

static quell_status draw_kind(struct host_draw *drawn, int kind, const quell_draw *draw,
                              const quell_run *run)
{
    static const char *const samplers[] = {"ddpm", "ddim:eta=0.5", "ddim"};
    static const char *const schedules[] = {"vp", "cosine:alpha_min=1.5e-3", "beta_linear"};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 9;
    quell_status status = denoiser_of(&denoiser, kind);
    if (!status) status = quell_schedule_create(&schedule, schedules[kind]);
    if (!status)
        status = quell_sampler_create(&sampler, samplers[kind], denoiser, schedule, &options);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    if (!status) status = draw_with(drawn, kind, draw, run, sampler);
    quell_sampler_free(sampler);
    return status;
}

/* A function of the host's, as a run with one opens a region of OpenMP's even if it is brief. */
static int go_on(void *user, size_t transition, const quell_point *s, const quell_call *told,
                 const float *x)
{
    (void)user, (void)transition, (void)s;
    return !told->rows || !x;
}

quell_status host_draw_parallel(struct host_draw *drawn, size_t threads,
                                quell_parallel_fn *parallel, void *host)
{
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 11;
    draw.count = HOST_ROWS;
    run.threads = threads;
    run.tile = 16;
    run.parallel = parallel;
    run.observe = go_on;
    run.host = host;
    memset(drawn, 0, sizeof *drawn);
    quell_status status = QUELL_OK;
    for (int kind = 0; kind < 3 && !status; kind++) status = draw_kind(drawn, kind, &draw, &run);
    if (status) return status;
    quell_schedule *schedule = NULL;
    if (!quell_schedule_create(&schedule, "vp:alpha_min=1.5")) return QUELL_BAD_ARGUMENT;
    size_t used = strlen(drawn->text);
    strncat(drawn->text, quell_error_message(), sizeof drawn->text - used - 1);
    return QUELL_OK;
}

quell_status host_draw(struct host_draw *drawn, size_t threads)
{
    return host_draw_parallel(drawn, threads, NULL, NULL);
}
