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
    TEXT("model", "M", model,
         "builtin:NAME (see `quell list models`), a .json\n"
         "description, a .safetensors network, or an\n"
         ".npy data set of shape "
         "(count, dim...)"),
    TEXT("sampler", "S", sampler, "NAME[:KEY=VALUE,...], see `quell list samplers`\n(ddim)"),
    TEXT("schedule", "S", sampling.schedule,
         "NAME[:KEY=VALUE,...], see `quell list schedules`\n(the model's own, else vp)"),
    COUNT("steps", "N", steps, 1, 1000000, "transitions from noise to sample (64)"),
    LABEL_ROWS(sample_options),
    GUIDANCE_ROWS(sample_options),
    SAMPLING_ROWS(sample_options),
    PRIOR_ROWS(sample_options),
    CLAMP_ROWS(sample_options),
    COUNT("count", "N", count, 0, UINT64_MAX,
          "samples (1000; 64 of an image model; with --from,\nas many as are in the file)"),
    COUNT("first", "I", first, 0, UINT64_MAX,
          "index of the first sample (0): drawing 0..49 and\n"
          "50..99 gives the samples that 0..99 gives"),
    COUNT("seed", "S", seed, 0, UINT64_MAX, "which stream of random numbers (0)"),
    TEXT("from", "X1.npy", from,
         "start from this noise x_1, shape (count, dim...),\nnot from the stream's"),
    COUNT("threads", "T", threads, 0, 65536,
          "at most T threads (0: what OMP_NUM_THREADS, the\naffinity mask and the cgroup allow)"),
    TEXT("isa", "I", isa, "instruction set, see `quell list isas` (QUELL_ISA,\nelse the widest)"),
    COUNT("tile", "N", tile, 0, 1000000000,
          "samples a thread takes at a time (0: to fit the\ncache)"),
    TEXT("out", "F.npy", out,
         "write the samples as NumPy's .npy, float32, shape\n"
         "(count, dim...); - is standard output"),
    TEXT("plot", "F.png", plot,
         "a picture: the density of samples in the plane, or\nthe first 64 images;"
         " - is standard output"),
    FLAG("resume", resume,
         "go on where an interrupted run of the same command\n"
         "has ended; if it is interrupted, too, what is\n"
         "finished stays in F.npy.part"),
    FLAG("json", json, "say what was done as one JSON object on stdout"),
    FLAG("quiet", quiet, "say nothing but errors"),
    {0},
};

const struct option_rule sample_rules[] = {
    LABEL_RULES,
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
    const struct place inputs[] = {{"--model", options->model},
                                   {"--from", options->from},
                                   {"--classes", options->labels.classes},
                                   {"--guide", options->guidance.guide},
                                   {0}};
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
    int code = format_check("--out", options->out, ".npy");
    if (code == EXIT_DONE) code = format_check("--plot", options->plot, ".png");
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
