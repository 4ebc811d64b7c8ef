/* SPDX-License-Identifier: MIT */
/* quell plan: a sampler's operations, for a Gaussian of one element. */
#include "cli/cli.h"
#include "cli/options.h"

#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

struct plan_options {
    const char *sampler, *schedule;
    uint64_t steps;
};

static const struct option_row rows[] = {
    {.name = "sampler",
     .argument = "S",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct plan_options, sampler),
     .help = "NAME[:KEY=VALUE,...], see `quell list samplers` (ddim)"},
    {.name = "schedule",
     .argument = "S",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct plan_options, schedule),
     .help = "NAME[:KEY=VALUE,...], see `quell list schedules` (vp)"},
    {.name = "steps",
     .argument = "N",
     .kind = OPTION_COUNT,
     .offset = offsetof(struct plan_options, steps),
     .help = "transitions (8)",
     .low = 1,
     .high = 1000000},
    {0},
};

static const struct option_table table = {
    .usage = "quell plan [--sampler S] [--schedule S] [--steps N]",
    .about = "Prints a sampler as the straight-line list of operations it is: EVAL asks the\n"
             "denoiser, COMBINE is a linear combination of registers and noise, STEP ends a\n"
             "transition.",
    .options = rows,
    .after = "Example: quell plan --sampler ddim:eta=0.5 --steps 4\n\n",
};

static quell_status create(quell_sampler **sampler, const struct plan_options *options)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler_options how = quell_sampler_defaults();
    how.steps = options->steps;
    quell_status status = quell_denoiser_isotropic(&denoiser, 1, NULL, 1.0);
    if (!status) status = quell_schedule_create(&schedule, options->schedule);
    if (!status) status = quell_sampler_create(sampler, options->sampler, denoiser, schedule, &how);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return status;
}

int command_plan(int argc, char **argv)
{
    struct plan_options options = {"ddim", "vp", 8};
    quell_sampler *sampler = NULL;
    int code;
    if (!options_read(&table, argc, argv, &options, NULL, &code)) return code;
    quell_status status = create(&sampler, &options);
    if (status) return complain_status(status);
    size_t size = quell_sampler_print(sampler, NULL, 0) + 1;
    char *text = malloc(size);
    if (text) {
        quell_sampler_print(sampler, text, size);
        fputs(text, stdout);
    } else {
        code = complain(EXIT_MEMORY, "no memory for the plan");
    }
    free(text);
    quell_sampler_free(sampler);
    return code;
}
