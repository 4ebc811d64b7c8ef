/* SPDX-License-Identifier: MIT */
/* quell compare: measures how good samplers are with a number of evaluations, on a model whose law
 * is known. */
#include "cli/compare/compare.h"
#include "cli/cli.h"
#include "cli/interrupt.h"

static const struct option_row rows[] = {
    GROUP_ROW("What to compare"),
    TEXT_ROW(compare_options, model, "model", "M",
             "The model: builtin:NAME, a .json description or an .npy data set (default "
             "builtin:grid25)."),
    TEXT_ROW(compare_options, samplers, "samplers", "S,S,...",
             "The samplers, NAME[:KEY=VALUE,...] each (default ddpm,ddim): see `quell list "
             "samplers`. A KEY=VALUE after a comma belongs to the sampler before it: "
             "ddpm,unipc:order=2,variant=bh1 are two samplers."),
    TEXT_ROW(compare_options, evaluations, "evaluations", "N,...",
             "How often a sample may evaluate the denoiser, whole numbers that rise (default "
             "8,16,32,64)."),
    COUNT_ROW(compare_options, count, "count", "N", 2, 10000000,
              "How many samples each sampler draws (default 50000; 5000 for models with more than "
              "64 elements). More samples lower the floor."),
    COUNT_ROW(compare_options, seed, "seed", "S", 0, UINT64_MAX,
              "The seed of the random numbers (default 0)."),
    SCHEDULE_ROW(compare_options),
    BROWNIAN_ROW(compare_options),
    GROUP_ROW("Times of the steps"),
    TIME_ROWS(compare_options),
    PRIOR_ROWS(compare_options),
    GROUP_ROW("Output"),
    TEXT_ROW(compare_options, plot, "plot", "F.svg", "Write a chart of the distances here."),
    FLAG_ROW(compare_options, json, "json", "Print the table as one JSON object."),
    FLAG_ROW(compare_options, quiet, "quiet", "Print no progress on standard error."),
    ABSENT_ROW("resume", "only `quell sample` can go on: run the comparison anew"),
    GROUP_ROW("Machine"),
    MACHINE_ROWS(compare_options),
    {0},
};

static const struct option_rule rules[] = {SAMPLING_RULES,
                                           {"times", OPTION_EXCLUDES, "evaluations"},
                                           {"sigmas", OPTION_EXCLUDES, "evaluations"},
                                           {0}};

static const struct option_table table = {
    .usage = "quell compare [OPTION...]",
    .about =
        "Compares samplers at equal numbers of evaluations of the denoiser: each takes as many\n"
        "steps as the evaluations allow, and draws --count samples. They are compared with as\n"
        "many exact draws from the model's own law (of alpha X + sigma Z at the last time):\n\n"
        "  distance    sliced Wasserstein distance W2, over 64 directions\n"
        "  mean        error of the mean, relative to the root of the total variance\n"
        "  covariance  relative error of the covariance in the Frobenius norm (with more\n"
        "              than 64 elements, in the 64 directions)",
    .examples = "Example: quell compare --samplers ddim,ddpm,ddim:eta=0.5 --plot compare.svg",
    .options = rows,
    .rules = rules,
    .after =
        "The floor is the mean distance of four other sets of exact draws: a sampler below it\n"
        "cannot be told from the law. The chart ends at twice the distance of the law from\n"
        "its mean (in JSON, spread): a sampler beyond that is of no use. The same seed gives\n"
        "the same table on any machine.\n\n"
        "In JSON, a number that is not finite is null: where the evaluations allow no step, or\n"
        "where samples are not finite.",
};

int command_compare(int argc, char **argv)
{
    struct comparison comparison = {.options = {.model = "builtin:grid25",
                                                .samplers = "ddpm,ddim",
                                                .evaluations = "8,16,32,64",
                                                .sampling = SAMPLING_DEFAULTS}};
    int code;
    if (!options_read(&table, argc, argv, &comparison.options, NULL, &code)) return code;
    code = comparison_open(&comparison);
    if (code == EXIT_DONE) code = comparison_run(&comparison);
    if (code == EXIT_DONE) code = comparison_plot(&comparison);
    interrupt_release();
    if (code == EXIT_DONE) code = comparison_report(&comparison);
    comparison_close(&comparison);
    return code;
}
