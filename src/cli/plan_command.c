/* SPDX-License-Identifier: MIT */
/* quell plan: prints a sampler's operations for a Gaussian of one element, or a network's
 * instructions. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/plan_json.h"
#include "cli/programs.h"
#include "cli/sampling.h"
#include "samplers/method.h"

#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_STEPS = 8 };

struct plan_options {
    const char *model, *sampler;
    uint64_t steps;
    struct sampling sampling;
    int json;
};

static const struct option_row rows[] = {
    GROUP_ROW("Network"),
    TEXT_ROW(plan_options, model, "model", "M",
             "A network whose file has programs: print their instructions in place of a sampler's "
             "operations."),
    GROUP_ROW("Sampler"),
    TEXT_ROW(plan_options, sampler, "sampler", "S",
             "The sampler, NAME[:KEY=VALUE,...] (default ddim): see `quell list samplers`."),
    COUNT_ROW(plan_options, steps, "steps", "N", 1, 1000000,
              "The number of steps (default 8, which are easily read; `quell sample` takes 64)."),
    SCHEDULE_ROW(plan_options),
    BROWNIAN_ROW(plan_options),
    GROUP_ROW("Times of the steps"),
    TIME_ROWS(plan_options),
    GROUP_ROW("Output"),
    FLAG_ROW(plan_options, json, "json", "Print the operations as one JSON object."),
    {0},
};

static const struct option_rule rules[] = {SAMPLING_RULES,
                                           {"times", OPTION_EXCLUDES, "steps"},
                                           {"sigmas", OPTION_EXCLUDES, "steps"},
                                           {"model", OPTION_EXCLUDES, "sampler"},
                                           {"model", OPTION_EXCLUDES, "steps"},
                                           {"model", OPTION_EXCLUDES, "schedule"},
                                           {"model", OPTION_EXCLUDES, "brownian"},
                                           {"model", OPTION_EXCLUDES, "grid"},
                                           {"model", OPTION_EXCLUDES, "start"},
                                           {"model", OPTION_EXCLUDES, "stop"},
                                           {"model", OPTION_EXCLUDES, "times"},
                                           {"model", OPTION_EXCLUDES, "sigmas"},
                                           {0}};

static const struct option_table table = {
    .usage = "quell plan [OPTION...]",
    .about = "Prints the operations that a sampler consists of: EVAL evaluates the denoiser,\n"
             "COMBINE adds registers and noise with coefficients, STEP ends a step. Some samplers\n"
             "also have SPREAD, noise scaled by a register, LANGEVIN, a correction by norms, and\n"
             "ADAPT, steps that each sample chooses. With --model, prints the instructions that a\n"
             "network consists of: kind, shape of the result, what it depends on, operands and\n"
             "attributes.",
    .examples = "Example: quell plan --sampler ddim:eta=0.5 --steps 4",
    .options = rows,
    .rules = rules,
};

static quell_status create(quell_sampler **sampler, const struct plan_options *options)
{
    quell_denoiser *denoiser = NULL;
    size_t steps = options->steps;
    if (!steps && !quell_method_own_steps(options->sampler)) steps = DEFAULT_STEPS;
    quell_status status = quell_denoiser_from_isotropic(&denoiser, 1, NULL, 1.0);
    if (!status)
        status = sampling_create(&options->sampling, options->sampler, steps, denoiser, sampler);
    quell_denoiser_free(denoiser);
    return status;
}

/* Prints the plan. The first line names the sampler, the schedule and the number of steps. */
static int print_plan(const quell_sampler *sampler, const struct plan_options *options)
{
    size_t size = quell_sampler_print(sampler, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text) return complain(EXIT_MEMORY, "no memory for the plan");
    quell_sampler_print(sampler, text, size);
    printf("%s, schedule %s, steps %zu\n%s", options->sampler, options->sampling.schedule,
           quell_sampler_steps(sampler), text);
    free(text);
    return EXIT_DONE;
}

int command_plan(int argc, char **argv)
{
    struct plan_options options = {NULL, "ddim", 0, SAMPLING_DEFAULTS, 0};
    options.sampling.schedule = "vp";
    quell_sampler *sampler = NULL;
    int code;
    if (!options_read(&table, argc, argv, &options, NULL, &code)) return code;
    if (options.model) return programs_show(options.model, options.json);
    code = sampling_read_points(&options.sampling, &options.steps);
    if (code != EXIT_DONE) return code;
    quell_status status = create(&sampler, &options);
    sampling_free(&options.sampling);
    if (status) return complain_status(status);
    code = options.json ? plan_json(sampler) : print_plan(sampler, &options);
    quell_sampler_free(sampler);
    return code;
}
