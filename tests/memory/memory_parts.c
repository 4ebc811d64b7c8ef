/* SPDX-License-Identifier: MIT */
#include "memory_parts.h"
#include "harness.h"

#include <string.h>

static const double mean[2 * DIM] = {1, -1, 0.5, 0, 2, -0.5};
static const double variances[2 * DIM] = {0.5, 1, 2, 1, 0.25, 0.125};
static const double covariance[DIM * DIM] = {2, 1, 0, 1, 2, 0.5, 0, 0.5, 1};
static const double identity[DIM * DIM] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
const float points[4 * DIM] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

int zeros(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)input;
    memset(output, 0, call->rows * call->dim * sizeof *output);
    return 0;
}

quell_status make_denoiser(size_t kind, quell_denoiser **denoiser)
{
    switch (kind) {
    case 0:
        return quell_denoiser_from_isotropic(denoiser, DIM, mean, 1);
    case 1:
        return quell_denoiser_from_diagonal(denoiser, DIM, mean, variances);
    case 2:
        return quell_denoiser_from_covariance(denoiser, DIM, mean, covariance);
    case 3:
        return quell_denoiser_from_eigenbasis(denoiser, DIM, mean, variances, identity);
    case 4:
        return quell_denoiser_from_mixture(denoiser, 2, DIM, variances, mean, variances);
    case 5:
        return quell_denoiser_from_diagonal_mixture(denoiser, 2, DIM, variances, mean, variances);
    case 6:
        return quell_denoiser_from_points(denoiser, 4, DIM, points);
    default:
        return quell_denoiser_from_function(denoiser, DIM, zeros, NULL, NULL);
    }
}

struct parts parts_new(quell_denoiser *denoiser)
{
    struct parts parts = {.denoiser = denoiser, .options = quell_sampler_defaults()};
    parts.options.steps = 5;
    parts.options.prior_dim = DIM;
    parts.options.prior_mean = mean;
    parts.options.prior_variance = variances;
    CHECK(!quell_schedule_create(&parts.schedule, "vp"), "%s", quell_error_message());
    return parts;
}

void parts_free(struct parts *parts)
{
    quell_denoiser_free(parts->denoiser);
    quell_schedule_free(parts->schedule);
}

/* A step callback that calls every function that it may call. */
int restless(void *user, quell_transition *transition, const quell_point *t, const quell_point *s,
             float *x)
{
    (void)user, (void)s;
    float *x0 = quell_transition_scratch(transition, 0);
    float *noise = quell_transition_scratch(transition, 1);
    if (quell_transition_denoise(transition, t, x, x0)) return -1;
    if (quell_transition_noise(transition, 0, noise)) return -1;
    size_t count = quell_transition_rows(transition) * quell_transition_dim(transition);
    for (size_t i = 0; i < count; i++) x[i] = 0.5f * (x[i] + x0[i]) + 0.1f * noise[i];
    return 0;
}

quell_status load_model(void *name)
{
    quell_model *model = NULL;
    quell_status status = quell_model_load(&model, name);
    if (!status)
        quell_model_free(model);
    else if (model)
        return QUELL_OK;
    return status;
}
