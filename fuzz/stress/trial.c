/* SPDX-License-Identifier: MIT */
#include "trial.h"
#include "random.h"
#include "tests/support/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DIM 24
#define MOST_ROWS 400

static double between(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(next_word(state) >> 11) * 0x1p-53;
}

static void fill(uint64_t *state, double *values, size_t count, double low, double high)
{
    for (size_t i = 0; i < count; i++) values[i] = between(state, low, high);
}

static quell_status full(quell_denoiser **denoiser, size_t dim)
{
    double covariance[MOST_DIM * MOST_DIM];
    for (size_t i = 0; i < dim * dim; i++)
        covariance[i] = 1 / (1.0 + (double)(i / dim + i % dim)) + (i / dim == i % dim);
    return quell_denoiser_from_covariance(denoiser, dim, NULL, covariance);
}

/* A function of the host's, from many threads. */
static int halve(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++) output[i] = input[i] * 0.5f;
    return 0;
}

/* With a function of the host's a brief run opens a region of OpenMP's, too. */
static int go_on(void *user, const quell_progress *progress)
{
    (void)user;
    return progress->done > progress->total;
}

static quell_status choose_denoiser(struct trial *trial, uint64_t *state, size_t dim)
{
    double weights[3], means[3 * MOST_DIM], variances[3 * MOST_DIM];
    float data[50 * MOST_DIM];
    quell_function_options options = quell_function_defaults();
    options.reproducible = 1;
    fill(state, weights, 3, 0.1, 1);
    fill(state, means, 3 * dim, -2, 2);
    fill(state, variances, 3 * dim, 0.1, 2);
    for (size_t i = 0; i < 50 * dim; i++) data[i] = (float)between(state, -1, 1);
    switch (pick(state, 7)) {
    case 0:
        return quell_denoiser_from_isotropic(&trial->denoiser, dim, means, variances[0]);
    case 1:
        return quell_denoiser_from_diagonal(&trial->denoiser, dim, means, variances);
    case 2:
        return quell_denoiser_from_mixture(&trial->denoiser, 3, dim, weights, means, variances);
    case 3:
        return quell_denoiser_from_diagonal_mixture(&trial->denoiser, 3, dim, weights, means,
                                                    variances);
    case 4:
        return quell_denoiser_from_points(&trial->denoiser, 50, dim, data);
    case 5:
        return full(&trial->denoiser, dim);
    default:
        return quell_denoiser_from_function(&trial->denoiser, dim, halve, NULL, &options);
    }
}

static const char *choose(uint64_t *state, const char *(*name)(size_t i))
{
    size_t count = 0;
    while (name(count)) count++;
    return name(pick(state, count));
}

static quell_status choose_sampler(struct trial *trial, uint64_t *state)
{
    quell_sampler_options options = quell_sampler_defaults();
    const char *sampler = choose(state, sampler_name);
    const char *schedule = choose(state, schedule_name);
    size_t steps = 1 + pick(state, 6);
    const char *grid = pick(state, 2) ? choose(state, grid_name) : NULL;
    bool own_steps = !strcmp(sampler, "dpm_adaptive");
    if (!own_steps) options.steps = steps, options.grid = grid;
    options.brownian = pick(state, 8) == 0;
    snprintf(trial->what, sizeof trial->what, "%s, %s, grid %s, %zu steps, %s",
             quell_denoiser_kind(trial->denoiser), schedule, options.grid ? options.grid : "linear",
             options.steps, sampler);
    quell_status status = quell_schedule_create(&trial->schedule, schedule);
    if (status) return status;
    return quell_sampler_create(&trial->sampler, sampler, trial->denoiser, trial->schedule,
                                &options);
}

static quell_status draw(struct trial *trial, float *x)
{
    return quell_sample(trial->sampler, &trial->draw, &trial->run, x);
}

static bool prepare(struct trial *trial, uint64_t *state)
{
    size_t dim = 1 + pick(state, MOST_DIM);
    if (choose_denoiser(trial, state, dim) || choose_sampler(trial, state)) return false;
    trial->draw = quell_draw_defaults();
    trial->run = quell_run_defaults();
    trial->draw.seed = next_word(state);
    trial->draw.first = pick(state, 2) ? 0 : next_word(state) >> 1;
    trial->draw.count = 1 + pick(state, MOST_ROWS);
    trial->run.threads = 1;
    trial->expected = calloc(trial->draw.count * dim, sizeof(float));
    trial->x = calloc(trial->draw.count * dim, sizeof(float));
    return trial->expected && trial->x && !draw(trial, trial->expected);
}

bool trial_begin(struct trial *trial, uint64_t seed)
{
    uint64_t state = seed;
    *trial = (struct trial){.seed = seed};
    if (prepare(trial, &state)) return true;
    trial_end(trial);
    return false;
}

const char *trial_repeat(struct trial *trial, uint64_t *state, bool may_fail)
{
    size_t bytes = trial->draw.count * quell_sampler_dim(trial->sampler) * sizeof(float);
    trial->run.threads = pick(state, 9);
    trial->run.progress = pick(state, 2) ? go_on : NULL;
    trial->run.tile = pick(state, 2) ? 0 : 1 + pick(state, 40);
    quell_status status = draw(trial, trial->x);
    if (status == QUELL_NO_MEMORY && may_fail) return NULL;
    if (status) return quell_error_message();
    return memcmp(trial->expected, trial->x, bytes) ? "other bits" : NULL;
}

void trial_end(struct trial *trial)
{
    free(trial->expected);
    free(trial->x);
    quell_sampler_free(trial->sampler);
    quell_schedule_free(trial->schedule);
    quell_denoiser_free(trial->denoiser);
}
