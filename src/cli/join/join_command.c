/* SPDX-License-Identifier: MIT */
/* quell join: joins the parts that several runs of `quell sample --first I --count N` wrote, such
 * as the tasks of a job array, into one file. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/join/join.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/report.h"
#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct join_options {
    const char *out;
    uint64_t count;
    int json, quiet;
};

static const struct option_row rows[] = {
    GROUP_ROW("Options"),
    TEXT_ROW(join_options, out, "out", "F.npy", "Write all samples here. - is standard output."),
    COUNT_ROW(join_options, count, "count", "N", 0, UINT64_MAX,
              "Refuse the parts unless they have N samples together."),
    FLAG_ROW(join_options, json, "json",
             "Print what was done as one JSON object on standard output."),
    FLAG_ROW(join_options, quiet, "quiet", "Print nothing but errors."),
    ABSENT_ROW("resume", "only `quell sample` can go on: join the parts anew"),
    {0},
};

static const struct option_table table = {
    .usage = "quell join --out F.npy PART... [OPTION...]",
    .about =
        "Joins parts of a stream of samples, drawn by `quell sample --first I --count N`, to\n"
        "the file that one run would have written. The parts are either\n\n"
        "  .npy files    in the order in which they are named: sort them by their numbers\n"
        "  .json reports of them, what `quell sample --json` printed: these say which samples\n"
        "                a part has and how they were drawn, so the order is found, and a\n"
        "                part that is missing, there twice or of another stream is refused\n\n"
        "Samples of another shape or type, values that are not finite and two parts with the\n"
        "same samples are refused in any case.",
    .examples =
        "Example, of a job array's tasks (see docs/mpi.md):\n"
        "  quell sample --model m.json --first 500 --count 500 --seed 1 --out p1.npy --json \\\n"
        "      > p1.json\n"
        "  quell join --out all.npy --count 1000 p*.json",
    .options = rows,
    .words = INT_MAX,
};

static int check(const struct join_options *options, const char *part)
{
    if (!options->out || !part)
        return complain(EXIT_USAGE, "--out and the parts are needed: see `quell join --help`");
    int code = format_check("--out", options->out, ".npy", false);
    return code == EXIT_DONE ? standard_check("--out", options->out, options->json) : code;
}

static int check_count(const struct join_options *options, const struct parts *parts)
{
    if (!options_given("count") || options->count == parts->rows) return EXIT_DONE;
    return complain(EXIT_FILE, "--count %llu: the parts have %zu samples",
                    (unsigned long long)options->count, parts->rows);
}

/* Refuses an output that is one of the parts: a pattern such as *.npy also matches the output of an
 * earlier run. */
static int check_out(const char *out, const struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        if (is_same_file(out, parts->part[i].path))
            return complain(EXIT_USAGE, "--out %s: is one of the parts", out);
    return EXIT_DONE;
}

static int write_out(const char *path, struct parts *parts)
{
    struct quell_output out;
    interrupt_catch();
    int code = outputs_open(&out, "--out", path, parts->rows * parts_dim(parts) * sizeof(float));
    if (code != EXIT_DONE) return code;
    out.stop = &interrupt_signal;
    code = parts_copy(parts, &out);
    if (code == EXIT_DONE) {
        quell_status status = quell_output_commit(&out);
        if (status) code = complain_run(status);
    }
    quell_output_discard(&out);
    interrupt_release();
    return code;
}

/* Adds up the digests of the parts. The digest of a sample depends on its number, so the sum is the
 * digest of all samples. */
static uint64_t sum_digests(const struct parts *parts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < parts->count; i++) sum += parts->part[i].digest;
    return sum;
}

/* Prints the report of the whole. If the parts were given by reports, it contains the settings that
 * these share, so that the whole can be joined again. */
static int print_json(const char *out, const struct parts *parts)
{
    struct quell_json_writer writer = report_begin();
    if (parts->reported) {
        parts_put_settings(&writer, parts);
        report_count(&writer, "first", parts->part[0].first);
        report_digest(&writer, "samples_digest", sum_digests(parts));
    }
    report_count(&writer, "count", parts->rows);
    report_shape(&writer, parts->rows, parts->rank, parts->shape);
    quell_json_put_text(&writer, "out", out);
    report_count(&writer, "parts", parts->count);
    return report_end(&writer);
}

static int report(const struct join_options *options, const struct parts *parts)
{
    if (options->json) return print_json(options->out, parts);
    if (options->quiet || is_standard_output(options->out)) return EXIT_DONE;
    print_name(stdout, options->out);
    printf(": %zu samples of %zu part%s\n", parts->rows, parts->count,
           parts->count == 1 ? "" : "s");
    return EXIT_DONE;
}

static int join(const struct join_options *options, size_t count, const char *const *names)
{
    struct parts parts;
    int code = parts_open(&parts, count, names);
    if (code == EXIT_DONE) code = check_count(options, &parts);
    if (code == EXIT_DONE) code = check_out(options->out, &parts);
    if (code == EXIT_DONE) code = write_out(options->out, &parts);
    if (code == EXIT_DONE) code = report(options, &parts);
    parts_close(&parts);
    return code;
}

int command_join(int argc, char **argv)
{
    struct join_options options = {0};
    const char **names = quell_new((size_t)argc, sizeof(char *));
    int code;
    size_t count = 0;
    if (!names) return complain(EXIT_MEMORY, "no memory for the parts' names");
    if (options_read(&table, argc, argv, &options, names, &code)) {
        while (names[count]) count++;
        code = check(&options, names[0]);
        if (code == EXIT_DONE) code = join(&options, count, names);
    }
    free(names);
    return code;
}
