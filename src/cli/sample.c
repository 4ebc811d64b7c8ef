/* SPDX-License-Identifier: MIT */
/* quell sample: draws samples from a model. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/session.h"

#include <string.h>
#include <unistd.h>

#define TEXT(name, argument, field, help) TEXT_ROW(sample_options, field, name, argument, help)
#define COUNT(name, argument, field, low, high, help) \
    COUNT_ROW(sample_options, field, name, argument, low, high, help)
#define FLAG(name, field, help) FLAG_ROW(sample_options, field, name, help)

static const struct option_row rows[] = {
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
    CLAMP_ROWS(sample_options),
    COUNT("count", "N", count, 1, UINT64_MAX,
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
         "a picture: the density of samples in the plane, or\nthe first 64 images"),
    FLAG("json", json, "say what was done as one JSON object on stdout"),
    FLAG("quiet", quiet, "say nothing but errors"),
    {0},
};

static const struct option_table table = {
    .usage = "quell sample --model M [OPTION...]",
    .about = "Draws samples from a model by reverse diffusion. They are written as they come:\n"
             "memory does not grow with their number. No thread count, tile or instruction set\n"
             "changes a bit of them.",
    .options = rows,
    .after = "Examples:\n"
             "  quell sample --model builtin:grid25 --count 100000 --plot grid.png\n"
             "  quell sample --model data.npy --sampler ddpm --steps 250 --out new.npy\n"
             "  quell sample --model m.json --first 500 --count 500 --out second.npy\n\n",
};

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

/* What can be wrong with the options themselves. */
static int check(const struct sample_options *options)
{
    const char *out = options->out ? options->out : "";
    if (!options->model)
        return complain(EXIT_USAGE, "--model is needed: try --model builtin:grid25, and see "
                                    "`quell sample --help`");
    if (ends_with(out, ".png"))
        return complain(EXIT_USAGE, "--out %s: writes .npy files; for a picture use --plot", out);
    if (options->plot && !strcmp(out, options->plot))
        return complain(EXIT_USAGE, "--out and --plot: both name %s", out);
    if (!strcmp(out, "-") && options->json)
        return complain(EXIT_USAGE, "--json and --out -: both want standard output");
    if (!strcmp(out, "-") && isatty(STDOUT_FILENO))
        return complain(EXIT_USAGE, "--out -: standard output is a terminal; redirect it");
    return EXIT_DONE;
}

int command_sample(int argc, char **argv)
{
    struct session session = {.options = {.sampler = "ddim",
                                          .steps = 64,
                                          .guidance = GUIDANCE_DEFAULTS,
                                          .sampling = SAMPLING_DEFAULTS}};
    int code;
    if (!options_read(&table, argc, argv, &session.options, NULL, &code)) return code;
    if ((code = check(&session.options)) != EXIT_DONE) return code;
    code = session_open(&session);
    if (code == EXIT_DONE) code = session_run(&session);
    if (code == EXIT_DONE) code = session_commit(&session);
    if (code == EXIT_DONE) code = session_report(&session);
    session_close(&session);
    return code;
}
