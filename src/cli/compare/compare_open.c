/* SPDX-License-Identifier: MIT */
/* Everything that can fail early is checked here: the lists, the model, every sampler at every
 * budget, and the file of the picture. */
#include "cli/cli.h"
#include "cli/compare/compare.h"
#include "cli/interrupt.h"
#include "cli/outputs.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "engine/sampler.h"

#include <stdlib.h>
#include <string.h>

#define MOST_EVALUATIONS 1000000
#define DEFAULT_COUNT 50000
#define DEFAULT_LARGE 5000

static size_t commas(const char *text)
{
    size_t count = 0;
    while ((text = strchr(text, ','))) count++, text++;
    return count;
}

/* Whether a part of the list begins a sampler. "ddim:eta=0.5,ddpm" are two samplers: a part of the
 * form KEY=VALUE belongs to the sampler before it. */
static bool begins_sampler(const char *part) { return part[strcspn(part, ":=,")] != '='; }

static int check_once(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->sampler_count; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(comparison->samplers[i], comparison->samplers[j]))
                return complain(EXIT_USAGE, "--samplers: '%s' is there twice",
                                comparison->samplers[i]);
    return EXIT_DONE;
}

static int read_samplers(struct comparison *comparison)
{
    const char *list = comparison->options.samplers;
    size_t size = strlen(list) + 1;
    comparison->specs = quell_new(size, 1);
    comparison->samplers = quell_new(commas(list) + 1, sizeof *comparison->samplers);
    if (!comparison->specs || !comparison->samplers)
        return complain(EXIT_MEMORY, "no memory for the list of samplers");
    memcpy(comparison->specs, list, size);
    for (char *part = comparison->specs; part; part = strchr(part, ',')) {
        bool first = part == comparison->specs;
        char *name = first ? part : part + 1;
        if (!*name || *name == ',')
            return complain(EXIT_USAGE, "--samplers '%s': a name is empty", list);
        if (first || begins_sampler(name)) {
            if (!first) *part = '\0';
            comparison->samplers[comparison->sampler_count++] = name;
        }
        part = name;
    }
    return check_once(comparison);
}

static int read_budgets(struct comparison *comparison)
{
    const char *list = comparison->options.evaluations, *part = list;
    size_t count = commas(list) + 1;
    comparison->budgets = quell_new(count, sizeof *comparison->budgets);
    if (!comparison->budgets) return complain(EXIT_MEMORY, "no memory for the list of evaluations");
    for (uint64_t last = 0; comparison->budget_count < count; part += strcspn(part, ",") + 1) {
        double value;
        if (quell_parse_double(part, strcspn(part, ","), &value) || !(value > (double)last) ||
            value > MOST_EVALUATIONS || value != (double)(uint64_t)value)
            return complain(EXIT_USAGE,
                            "--evaluations '%s': must be whole numbers that rise, from 1 to %d, "
                            "as 8,16,32",
                            list, MOST_EVALUATIONS);
        comparison->budgets[comparison->budget_count++] = last = (uint64_t)value;
    }
    return EXIT_DONE;
}

/* --brownian only applies to the samplers that draw noise. */
quell_status comparison_create(const struct comparison *comparison, const char *spec, size_t steps,
                               quell_sampler **sampler)
{
    struct sampling how = comparison->options.sampling;
    const quell_denoiser *denoiser = quell_model_denoiser(comparison->model);
    how.brownian = 0;
    quell_status status = sampling_create(&how, spec, steps, denoiser, sampler);
    if (status || !comparison->options.sampling.brownian || !quell_sampler_noisy(*sampler))
        return status;
    quell_sampler_free(*sampler);
    return sampling_create(&comparison->options.sampling, spec, steps, denoiser, sampler);
}

static quell_status count_evaluations(const struct comparison *comparison, const char *spec,
                                      size_t steps, size_t *evaluations)
{
    quell_sampler *sampler;
    if (quell_method_own_steps(spec))
        return quell_fail(QUELL_UNSUPPORTED,
                          "sampler '%s': how often it asks the denoiser depends on the samples, so "
                          "it cannot be compared at a number of evaluations",
                          spec);
    quell_status status = comparison_create(comparison, spec, steps, &sampler);
    if (status) return status;
    *evaluations = quell_sampler_evaluations(sampler);
    quell_sampler_free(sampler);
    return QUELL_OK;
}

/* Finds the greatest number of steps within the budget. A step takes at least one evaluation, and
 * more steps never take fewer. */
static quell_status find_steps(const struct comparison *comparison, struct trial *trial)
{
    const char *spec = comparison->samplers[trial->sampler];
    for (size_t low = 1, high = trial->budget; low <= high;) {
        size_t steps = low + (high - low) / 2, evaluations = 0;
        quell_status status = count_evaluations(comparison, spec, steps, &evaluations);
        if (status) return status;
        if (evaluations > trial->budget) {
            high = steps - 1;
        } else {
            trial->steps = steps;
            trial->evaluations = evaluations;
            low = steps + 1;
        }
    }
    return QUELL_OK;
}

/* If the points are given, the number of steps is known, and the budget is the number of
 * evaluations that they take. */
static quell_status take_steps(struct comparison *comparison, struct trial *trial)
{
    trial->steps = comparison->steps;
    quell_status status = count_evaluations(comparison, comparison->samplers[trial->sampler],
                                            trial->steps, &trial->evaluations);
    trial->budget = trial->evaluations;
    if (comparison->budgets[0] < trial->budget) comparison->budgets[0] = trial->budget;
    return status;
}

static int plan_trials(struct comparison *comparison)
{
    size_t budgets = comparison->budget_count;
    comparison->trials = quell_new(comparison->sampler_count * budgets, sizeof *comparison->trials);
    if (!comparison->trials) return complain(EXIT_MEMORY, "no memory for the table");
    for (size_t s = 0; s < comparison->sampler_count; s++)
        for (size_t b = 0; b < budgets; b++) {
            struct trial *trial = comparison_trial(comparison, s, b);
            trial->sampler = s;
            trial->budget = comparison->budgets[b];
            quell_status status =
                comparison->steps ? take_steps(comparison, trial) : find_steps(comparison, trial);
            if (status) return complain_status(status);
        }
    return EXIT_DONE;
}

/* Refuses the budgets if all of them are too small for a single step of any sampler. */
static int check_budgets(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->sampler_count * comparison->budget_count; i++)
        if (comparison->trials[i].steps) return EXIT_DONE;
    return complain(EXIT_USAGE, "--evaluations %s: no step of %s takes so few: raise it",
                    comparison->options.evaluations,
                    comparison->sampler_count == 1 ? comparison->samplers[0] : "any sampler");
}

/* Creates the sampler of trial 0 of sampler `s`, which the caller frees. */
static quell_status first_trial(const struct comparison *comparison, size_t s,
                                quell_sampler **sampler)
{
    const struct trial *trial = comparison_trial(comparison, s, 0);
    return comparison_create(comparison, comparison->samplers[s], trial->steps ? trial->steps : 1,
                             sampler);
}

/* Refuses --brownian unless at least one sampler draws noise. */
static int check_noise(const struct comparison *comparison)
{
    const struct sampling *sampling = &comparison->options.sampling;
    for (size_t s = 0; sampling->brownian && s < comparison->sampler_count; s++) {
        quell_sampler *sampler;
        quell_status status = first_trial(comparison, s, &sampler);
        if (status) return complain_status(status);
        bool draws = quell_sampler_noisy(sampler);
        quell_sampler_free(sampler);
        if (draws) return EXIT_DONE;
    }
    if (!sampling->brownian) return EXIT_DONE;
    return complain(EXIT_USAGE, "--brownian: has no effect: none of the samplers draws noise");
}

/* Checks the start of one sampler; all of them begin at the same point. */
static int check_start(const struct comparison *comparison)
{
    quell_sampler *sampler;
    quell_status status = first_trial(comparison, 0, &sampler);
    if (status) return complain_status(status);
    int code = sampling_check_start(&comparison->options.sampling, sampler, NULL, "");
    quell_sampler_free(sampler);
    return code;
}

/* Sets the number of samples if it is not given. All samples of a trial are in memory together. */
static int settle_count(struct comparison *comparison)
{
    uint64_t *count = &comparison->options.count;
    size_t dim = quell_denoiser_dim(quell_model_denoiser(comparison->model)), bytes;
    if (!*count) *count = dim > QUELL_DIRECTIONS ? DEFAULT_LARGE : DEFAULT_COUNT;
    if (!quell_multiply(*count, dim, &bytes) && bytes < SIZE_MAX / 2 / sizeof(float))
        return EXIT_DONE;
    return complain(EXIT_USAGE, "--count %zu: more than memory can hold", (size_t)*count);
}

/* Refuses a picture on standard output, where the table goes. */
static int check_plot(const char *plot)
{
    if (!plot || !is_standard_output(plot)) return EXIT_DONE;
    return complain(EXIT_USAGE, "--plot %s: the table goes to standard output: name a file", plot);
}

int comparison_open(struct comparison *comparison)
{
    struct compare_options *options = &comparison->options;
    const struct place outputs[] = {{"--plot", options->plot}, {0}};
    const struct place inputs[] = {{"--model", options->model}, {0}};
    int code = places_check(outputs, inputs);
    if (code == EXIT_DONE) code = format_check("--plot", options->plot, ".svg", false);
    if (code == EXIT_DONE) code = check_plot(options->plot);
    if (code == EXIT_DONE) code = read_samplers(comparison);
    if (code == EXIT_DONE) code = sampling_read_points(&options->sampling, &comparison->steps);
    if (comparison->steps) options->evaluations = "1";
    if (code == EXIT_DONE) code = read_budgets(comparison);
    if (code == EXIT_DONE)
        code = sampling_choose_machine(options->isa, options->threads, &comparison->isa,
                                       &comparison->threads);
    if (code == EXIT_DONE) code = sampling_open_model(&comparison->model, options->model, NULL);
    if (code == EXIT_DONE) code = settle_count(comparison);
    if (code != EXIT_DONE) return code;
    sampling_choose_schedule(&options->sampling, comparison->model);
    code = plan_trials(comparison);
    if (code == EXIT_DONE) code = check_budgets(comparison);
    if (code == EXIT_DONE) code = check_noise(comparison);
    if (code == EXIT_DONE) code = check_start(comparison);
    if (code != EXIT_DONE) return code;
    interrupt_catch();
    quell_status status = QUELL_OK;
    if (options->plot) status = quell_output_open(&comparison->picture, options->plot);
    if (options->plot) comparison->picture.stop = &interrupt_signal;
    return status ? complain_run(status) : EXIT_DONE;
}

void comparison_close(struct comparison *comparison)
{
    quell_output_discard(&comparison->picture);
    quell_model_free(comparison->model);
    sampling_free(&comparison->options.sampling);
    free(comparison->specs);
    free(comparison->samplers);
    free(comparison->budgets);
    free(comparison->trials);
}
