/* SPDX-License-Identifier: MIT */
#include "cli/sample_options.h"
#include "cli/cli.h"
#include "cli/outputs.h"

#include <string.h>

#define TEXT(name, argument, field, help) TEXT_ROW(sample_options, field, name, argument, help)
#define COUNT(name, argument, field, low, high, help) \
    COUNT_ROW(sample_options, field, name, argument, low, high, help)
#define FLAG(name, field, help) FLAG_ROW(sample_options, field, name, help)

const struct option_row sample_rows[] = {
    GROUP_ROW("What to draw"),
    TEXT("model", "M", model,
         "The model: builtin:NAME (see `quell list models`), a .json description, a .safetensors "
         "or .onnx network, or a data set, .npy of shape (count, dim...)."),
    PRECISION_ROW(sample_options),
    COUNT(
        "count", "N", count, 0, UINT64_MAX,
        "How many samples (default 1000, of images 64; with --from or a class, condition, seed or "
        "index for each, as many as there are)."),
    COUNT("first", "I", first, 0, UINT64_MAX,
          "The index of the first sample (default 0). Samples 0 to 49 and 50 to 99, drawn apart, "
          "are the samples 0 to 99."),
    COUNT("seed", "S", seed, 0, UINT64_MAX,
          "The seed of the random numbers (default 0). Another seed gives independent samples."),
    STREAM_ROWS(sample_options),
    LABEL_ROWS(sample_options),
    CONDITION_ROWS(sample_options),
    GUIDANCE_ROWS(sample_options),
    GROUP_ROW("How to draw"),
    TEXT("sampler", "S", sampler,
         "The sampler, NAME[:KEY=VALUE,...] (default ddim): see `quell list samplers`."),
    COUNT("steps", "N", steps, 1, 1000000,
          "The number of steps from noise to samples (default 64)."),
    SCHEDULE_ROW(sample_options),
    BROWNIAN_ROW(sample_options),
    CLAMP_ROWS(sample_options),
    GROUP_ROW("Times of the steps"),
    TIME_ROWS(sample_options),
    GROUP_ROW("Where to start"),
    TEXT("from", "X1.npy", from,
         "Start from the states in this file, shape (count, dim...), and not from noise of the "
         "seed."),
    PRIOR_ROWS(sample_options),
    GROUP_ROW("Output"),
    TEXT("out", "F.npy", out,
         "Write the samples here, as NumPy's .npy: float32, shape (count, dim...). - is standard "
         "output."),
    FLAG("latent", latent,
         "Write the samples themselves, latents, and not what the model's decoder makes of them."),
    TEXT("plot", "F.png", plot,
         "Write a picture here: the density of samples with 2 elements, or the first 64 images. - "
         "is standard output."),
    FLAG("resume", resume,
         "Go on where an interrupted run of the same command ended. If this run is interrupted, "
         "what is finished stays in F.npy.part."),
    FLAG("json", json, "Print what was done as one JSON object on standard output."),
    FLAG("quiet", quiet, "Print nothing but errors."),
    GROUP_ROW("Machine (no bit of the samples depends on it)"),
    MACHINE_ROWS(sample_options),
    COUNT("tile", "N", tile, 0, 1000000000,
          "How many samples a thread draws at a time (default 0: as many as fit its cache)."),
    {0},
};

const struct option_rule sample_rules[] = {
    STREAM_RULES,
    LABEL_RULES,
    CONDITION_RULES,
    GUIDANCE_RULES,
    SAMPLING_RULES,
    {"times", OPTION_EXCLUDES, "steps"},
    {"sigmas", OPTION_EXCLUDES, "steps"},
    {"threshold-max", OPTION_NEEDS, "threshold"},
    {"threshold", OPTION_EXCLUDES, "clamp-low"},
    {"threshold", OPTION_EXCLUDES, "clamp-high"},
    {"prior-mean", OPTION_EXCLUDES, "from"},
    {"prior-variance", OPTION_EXCLUDES, "from"},
    {"resume", OPTION_NEEDS, "out"},
    {0},
};

static int check_places(const struct sample_options *options)
{
    const struct place outputs[] = {{"--out", options->out}, {"--plot", options->plot}, {0}};
    struct place inputs[7 + 2 * MOST_WORDS] = {{"--model", options->model},
                                               {"--from", options->from},
                                               {"--classes", options->labels.classes},
                                               {"--guide", options->guidance.guide},
                                               {"--seeds", options->seeds},
                                               {"--indices", options->indices}};
    conditions_places(&options->conditions, inputs);
    conditions_places(&options->negative_conditions, inputs);
    const char *out = options->out ? options->out : "", *plot = options->plot;
    if (plot && (!strcmp(out, plot) || is_same_file(out, plot)))
        return complain(EXIT_USAGE, "--out and --plot: both name %s", out);
    return places_check(outputs, inputs);
}

int sample_check(const struct sample_options *options)
{
    const char *out = options->out ? options->out : "";
    bool standard = is_standard_output(out);
    if (!options->model)
        return complain(EXIT_USAGE, "--model is needed: try --model builtin:grid25, and see "
                                    "`quell sample --help`");
    if (options->quiet && !options->out && !options->plot && !options->json)
        return complain(EXIT_USAGE, "--quiet: needs --out, --plot or --json: without them nothing "
                                    "would come of the samples");
    int code = format_check("--out", options->out, ".npy", true);
    if (code == EXIT_DONE) code = format_check("--plot", options->plot, ".png", false);
    if (code != EXIT_DONE) return code;
    if (options->resume && standard)
        return complain(EXIT_USAGE, "--resume: needs --out F.npy, a file to go on with");
    if (standard && options->plot && is_standard_output(options->plot))
        return complain(EXIT_USAGE, "--out %s and --plot %s: both want standard output", out,
                        options->plot);
    code = standard_check("--out", options->out, options->json);
    if (code == EXIT_DONE) code = standard_check("--plot", options->plot, options->json);
    return code == EXIT_DONE ? check_places(options) : code;
}
