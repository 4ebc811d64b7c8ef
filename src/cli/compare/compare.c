/* SPDX-License-Identifier: MIT */
/* quell compare: how good samplers are at a number of evaluations, on a model whose law is
 * known. */
#include "cli/compare/compare.h"
#include "cli/cli.h"
#include "cli/interrupt.h"

static const struct option_row rows[] = {
    TEXT_ROW(compare_options, model, "model", "M",
             "builtin:NAME, a .json description or an .npy data\nset (builtin:grid25)"),
    TEXT_ROW(compare_options, samplers, "samplers", "S,S,...",
             "NAME[:KEY=VALUE,...] each, see `quell list\nsamplers` (ddpm,ddim)"),
    TEXT_ROW(compare_options, evaluations, "evaluations", "N,...",
             "evaluations of the denoiser that a sample may take\n(8,16,32,64)"),
    TEXT_ROW(compare_options, sampling.schedule, "schedule", "S",
             "NAME[:KEY=VALUE,...], see `quell list schedules`\n(the model's own, else vp)"),
    SAMPLING_ROWS(compare_options),
    PRIOR_ROWS(compare_options),
    COUNT_ROW(compare_options, count, "count", "N", 2, 10000000,
              "samples of each: more of them lower the floor\n(50000; 5000 of models with more "
              "than 64 elements)"),
    COUNT_ROW(compare_options, seed, "seed", "S", 0, UINT64_MAX,
              "which stream of random numbers (0)"),
    COUNT_ROW(compare_options, threads, "threads", "T", 0, 65536,
              "at most T threads (0: what OMP_NUM_THREADS, the\naffinity mask and the cgroup "
              "allow)"),
    TEXT_ROW(compare_options, isa, "isa", "I",
             "instruction set, see `quell list isas` (QUELL_ISA,\nelse the widest)"),
    TEXT_ROW(compare_options, plot, "plot", "F.svg", "a picture of the distances"),
    FLAG_ROW(compare_options, json, "json", "the table as one JSON object on stdout"),
    FLAG_ROW(compare_options, quiet, "quiet", "no progress on stderr"),
    ABSENT_ROW("resume", "only `quell sample` can go on: run the comparison anew"),
    {0},
};

static const struct option_rule rules[] = {SAMPLING_RULES,
                                           {"times", OPTION_EXCLUDES, "evaluations"},
                                           {"sigmas", OPTION_EXCLUDES, "evaluations"},
                                           {0}};

static const struct option_table table = {
    .usage = "quell compare [OPTION...]",
    .about = "Compares samplers at a number of evaluations of the denoiser, with as many steps as\n"
             "it allows. Each draws --count samples, which are compared with as many exact ones,\n"
             "alpha X + sigma Z at the grid's last point, drawn from the model's own law:\n\n"
             "  distance    sliced Wasserstein distance W2, over 64 directions\n"
             "  mean        error of the mean, relative to the root of the total variance\n"
             "  covariance  error of the covariance, relative, in the Frobenius norm (of models\n"
             "              with more than 64 elements, in the 64 directions)\n\n"
             "The floor is the mean distance of four other exact draws: a sampler below it cannot\n"
             "be told from the law. The picture ends at twice the distance of the law from its\n"
             "mean (in JSON, spread): beyond that a sampler is worse than none. The same seed\n"
             "gives the same table on any machine.",
    .options = rows,
    .rules = rules,
    .after = "In JSON, what is not a finite number (no step within the budget, samples that are\n"
             "not finite) is null.\n\n"
             "Example: quell compare --samplers ddim,ddpm,ddim:eta=0.5 --plot compare.svg\n\n",
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
