/* SPDX-License-Identifier: MIT */
#include "cli/sampling.h"
#include "cli/cli.h"
#include "cli/numbers.h"
#include "cli/onnx_model.h"
#include "engine/isa.h"
#include "core/schedule.h"
#include "engine/sampler.h"
#include "engine/threads.h"

#include <stdlib.h>
#include <string.h>

int sampling_open_model(quell_model **model, const char *name, const char *precision)
{
    bool onnx = onnx_is(name);
    if (onnx && precision)
        return complain(EXIT_USAGE, "--precision: ONNX Runtime keeps %s as it is: leave it out",
                        name);
    if (precision && strcmp(precision, "stored") != 0 && strcmp(precision, "bf16") != 0 &&
        strcmp(precision, "bf16_products") != 0)
        return complain(EXIT_USAGE, "--precision %s: must be stored, bf16 or bf16_products",
                        precision);
    quell_status status =
        onnx ? onnx_load(model, name) : quell_model_load_as(model, name, precision);
    return status ? complain_input(EXIT_MODEL, status) : EXIT_DONE;
}

int sampling_choose_machine(const char *isa, uint64_t threads, const char **chosen, size_t *count)
{
    const struct quell_kernels *kernels;
    quell_status status = quell_isa_choose(isa, &kernels);
    if (status) return complain_status(status);
    *chosen = kernels->isa;
    *count = threads ? threads : quell_threads_default();
    return EXIT_DONE;
}

int sampling_read_points(struct sampling *sampling, uint64_t *steps)
{
    const char *text = sampling->times ? sampling->times : sampling->sigmas;
    const char *option = sampling->times ? "--times" : "--sigmas";
    size_t count;
    if (!text) return EXIT_DONE;
    int code = numbers_read(option, text, &sampling->points, &count);
    if (code != EXIT_DONE) return code;
    if (count < 2) return complain(EXIT_USAGE, "%s: must have two values or more", option);
    *steps = count - 1;
    return EXIT_DONE;
}

void sampling_free(struct sampling *sampling)
{
    free(sampling->points);
    sampling->points = NULL;
}

void sampling_choose_schedule(struct sampling *sampling, const quell_model *model)
{
    const char *own = *quell_model_schedule(model) ? quell_model_schedule(model) : "vp";
    if (!sampling->schedule) sampling->schedule = own;
}

quell_status sampling_create(const struct sampling *sampling, const char *spec, size_t steps,
                             const quell_denoiser *denoiser, quell_sampler **sampler)
{
    quell_schedule *schedule = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps;
    options.start = sampling->start;
    options.stop = sampling->stop;
    if (options_given("prior-mean")) options.prior_mean = &sampling->prior_mean;
    if (options_given("prior-variance")) options.prior_variance = &sampling->prior_variance;
    options.clamp_low = sampling->clamp_low;
    options.clamp_high = sampling->clamp_high;
    options.threshold = sampling->threshold;
    options.threshold_max = sampling->threshold_max;
    options.grid = sampling->grid;
    options.brownian = sampling->brownian;
    if (sampling->times) options.times = sampling->points;
    if (sampling->sigmas) options.sigmas = sampling->points;
    quell_status status = quell_schedule_create(&schedule, sampling->schedule);
    if (!status) status = quell_sampler_create(sampler, spec, denoiser, schedule, &options);
    quell_schedule_free(schedule);
    return status;
}

/* Returns the option that determined the first time. */
static const char *chose_start(const struct sampling *sampling)
{
    if (sampling->times) return "--times";
    if (sampling->sigmas) return "--sigmas";
    return sampling->start == 1 ? "--schedule" : "--start";
}

int sampling_check_start(const struct sampling *sampling, const quell_sampler *sampler,
                         const char *from, const char *instead)
{
    const quell_point *first = sampler->grid;
    if (from || !sampler->prior_needed) return EXIT_DONE;
    return complain(
        EXIT_USAGE,
        "%s: at t = %g, alpha = %.3g and sigma = %.3g, the first states depend on the law of X: "
        "give its mean and variance by --prior-mean M and --prior-variance V%s",
        chose_start(sampling), first->t, first->alpha, first->sigma, instead);
}

const char *sampling_grid(const struct sampling *sampling)
{
    return sampling->grid ? sampling->grid : "linear";
}
