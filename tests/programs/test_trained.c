/* SPDX-License-Identifier: MIT */
/* A network is asked only for points of the schedule that it was trained with, where what it is
 * given depends on that: t itself, or x_t as it is. */
#include "described.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"

#include <stdlib.h>
#include <string.h>

#define REST                                                                             \
    "'programs': {'denoise': {'inputs': {'x': [2], 'time': []}, 'instructions': [{'map'" \
    ": ['x', 'time'], 'function': 'add'}], 'output': 0}}}"

static quell_model *load(const char *fields)
{
    quell_model *model = NULL;
    MUST(described_network(&model, fields, REST));
    return model;
}

/* Makes a sampler on a schedule, and returns the status. */
static quell_status make(const quell_denoiser *denoiser, const char *schedule)
{
    quell_schedule *noise = must_schedule(schedule);
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    const double mean = 0, variance = 1;
    options.prior_mean = &mean, options.prior_variance = &variance;
    options.start = 0.9, options.stop = 0.1;
    quell_status status = quell_sampler_create(&sampler, "ddim", denoiser, noise, &options);
    quell_sampler_free(sampler);
    quell_schedule_free(noise);
    return status;
}

static void check(const char *fields, const char *schedule, const char *refusal)
{
    quell_model *model = load(fields);
    quell_status status = make(quell_model_denoiser(model), schedule);
    CHECK(status == (refusal ? QUELL_BAD_ARGUMENT : QUELL_OK), "%s, %s: status %d (%s)", fields,
          schedule, (int)status, status ? quell_error_message() : "");
    CHECK(!refusal || strstr(quell_error_message(), refusal), "%s, %s: '%s' has not '%s'", fields,
          schedule, quell_error_message(), refusal);
    quell_model_free(model);
}

TEST(trained, t_means_something_in_one_schedule)
{
    const char *no = "knows only the schedule that it was trained with, whose alpha and sigma at t";
    check("'schedule': 'beta_linear', ", "beta_linear", NULL);
    check("'schedule': 'beta_linear', ", "beta_linear:train=1000", NULL);
    check("'schedule': 'beta_linear', ", "beta_linear:train=500", no);
    check("'schedule': 'beta_linear', ", "cosine", no);
    check("'schedule': 'beta_linear', ", "vp", no);
    check("'schedule': 'rectified', ", "flow:shift=3", no);
    check("'schedule': 'rectified', 'output': 'flow', ", "decay", no);
    check("'schedule': 'vp', 'precondition': 'karras', 'time': 't', ", "cosine", no);
    check("'schedule': 'vp', 'precondition': 'unscaled', 'time': {'of': 't', 'scale': 999}, ", "ve",
          no);
    check("", "cosine", NULL);
}

TEST(trained, x_has_the_scale_of_one_schedule)
{
    const char *no = "whose alpha and sigma where sigma / alpha =";
    check("'schedule': 'vp', 'time': 'log_snr', ", "cosine", NULL);
    check("'schedule': 'vp', 'time': 'log_snr', ", "rectified", no);
    check("'schedule': 'vp', 'time': 'sigma', ", "edm", no);
    check("'schedule': 've', 'time': 'sigma', ", "edm", NULL);
    check("'schedule': 'rectified', 'time': 'fraction', ", "flow:shift=3", NULL);
}

TEST(trained, a_normalised_input_stands_any_schedule)
{
    static const char *const schedules[] = {"vp", "ve", "cosine", "rectified", "beta_linear"};
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        check("'schedule': 'vp', 'precondition': 'karras', ", schedules[i], NULL);
        check("'schedule': 'vp', 'precondition': 'simple', 'output': 'eps', ", schedules[i], NULL);
        check("'schedule': 'edm', 'precondition': 'unscaled', ", schedules[i], NULL);
        check("'schedule': 'flow', 'precondition': 'straight', ", schedules[i], NULL);
    }
}

TEST(trained, so_must_a_guide_be)
{
    quell_model *one = load("'schedule': 'beta_linear', "),
                *other = load("'schedule': 'flow', 'output': 'flow', ");
    quell_denoiser *guided = NULL;
    MUST(quell_denoiser_from_guidance(&guided, quell_model_denoiser(one),
                                      quell_model_denoiser(other), NULL));
    CHECK(make(guided, "beta_linear") == QUELL_BAD_ARGUMENT, "a guide of another schedule");
    CHECK(make(guided, "flow") == QUELL_BAD_ARGUMENT, "a model of another schedule");
    quell_denoiser_free(guided);
    quell_model_free(one);
    quell_model_free(other);
}
