/* SPDX-License-Identifier: MIT */
/* quell model: stores a model. The eigenbasis of a covariance matrix is computed by LAPACK, and its
 * last bits depend on the machine; when it is stored with the model, it is the same everywhere. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/sampling.h"

#include <quell/quell.h>
#include <stdio.h>

struct model_options {
    const char *model, *out;
    int quiet;
};

static const struct option_row rows[] = {
    GROUP_ROW("Options"),
    TEXT_ROW(model_options, model, "model", "M",
             "The model: builtin:NAME, or a .json description of a Gaussian or a mixture."),
    TEXT_ROW(model_options, out, "out", "F.json",
             "Write the description here. - is standard output."),
    FLAG_ROW(model_options, quiet, "quiet", "Print nothing but errors."),
    {0},
};

static const struct option_table table = {
    .usage = "quell model --model M --out F.json",
    .about = "Stores a model as JSON that loads to the same bits. A covariance is stored as its\n"
             "eigenbasis, so that every machine draws the same samples from it.",
    .examples = "Example: quell model --model m.json --out stored.json",
    .options = rows,
};

/* Prints what was written; on standard error if it was written to standard output. */
static void report(const struct model_options *options, bool standard, const quell_model *model)
{
    FILE *file = standard ? stderr : stdout;
    if (options->quiet) return;
    print_name(file, options->out);
    fputs(": a description of samples of shape ", file);
    print_shape(file, quell_model_rank(model), quell_model_shape(model));
    fputs("\n", file);
}

int command_model(int argc, char **argv)
{
    struct model_options options = {0};
    quell_model *model = NULL;
    int code;
    if (!options_read(&table, argc, argv, &options, NULL, &code)) return code;
    if (!options.model || !options.out)
        return complain(EXIT_USAGE, "--model and --out are needed: see `quell model --help`");
    const struct place outputs[] = {{"--out", options.out}, {0}};
    const struct place inputs[] = {{"--model", options.model}, {0}};
    code = places_check(outputs, inputs);
    if (code == EXIT_DONE) code = format_check("--out", options.out, ".json", false);
    if (code == EXIT_DONE) code = sampling_open_model(&model, options.model, NULL);
    if (code != EXIT_DONE) return code;
    interrupt_catch();
    bool standard = is_standard_output(options.out);
    quell_status status = quell_model_save(model, standard ? "/dev/stdout" : options.out);
    if (!status) report(&options, standard, model);
    quell_model_free(model);
    if (status == QUELL_UNSUPPORTED)
        return complain(EXIT_USAGE, "--model %s: %s", options.model, quell_error_message());
    return status ? complain_run(status) : EXIT_DONE;
}
