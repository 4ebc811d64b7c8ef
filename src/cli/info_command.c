/* SPDX-License-Identifier: MIT */
/* quell info: what one needs to know if samples differ or drawing is slow. */
#include "cli/cli.h"
#include "cli/info_model.h"
#include "cli/onnx_model.h"
#include "cli/options.h"
#include "cli/report.h"
#include "denoisers/lapack.h"
#include "engine/threads.h"

#include <built_with.h>
#include <quell/quell.h>
#include <sleef.h>
#include <stdio.h>
#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define SLEEF_RELEASE \
    TEXT(SLEEF_VERSION_MAJOR) "." TEXT(SLEEF_VERSION_MINOR) "." TEXT(SLEEF_VERSION_PATCHLEVEL)

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#ifdef QUELL_SERVE
#define SERVER "quell serve, by libmicrohttpd"
#else
#define SERVER "none: built without libmicrohttpd"
#endif

#define PROMISE "the same bits on any instruction set, thread count, tile, batch and compiler"

static void print_text(const char *isa)
{
    printf("quell      %s, compiled by %s\n", quell_version(), COMPILER);
    printf("isas      ");
    quell_entry entry = quell_entry_init();
    for (size_t i = 0; !quell_list(QUELL_LIST_ISAS, i, &entry); i++)
        printf(" %s%s", entry.name,
               !strcmp(entry.name, isa) ? " (default)"
               : entry.available        ? ""
                                        : " (not here)");
    printf("\nthreads    %zu\n", quell_threads_default());
    printf("SLEEF      %s\nLAPACK     %s\nONNX       %s\n", SLEEF_RELEASE, quell_lapack_about(),
           onnx_about());
    printf("server     %s\n", SERVER);
    printf("samples    %s%s\n", PROMISE, ONNX_EXCEPTION);
}

static int print_json(const char *isa)
{
    struct quell_json_writer writer = report_begin();
    quell_json_put_text(&writer, "version", quell_version());
    quell_json_put_text(&writer, "compiler", COMPILER);
    quell_json_begin(&writer, "isas", '[');
    quell_entry entry = quell_entry_init();
    for (size_t i = 0; !quell_list(QUELL_LIST_ISAS, i, &entry); i++) {
        quell_json_begin(&writer, NULL, '{');
        quell_json_put_text(&writer, "name", entry.name);
        quell_json_put_truth(&writer, "available", entry.available);
        quell_json_end(&writer, '}');
    }
    quell_json_end(&writer, ']');
    quell_json_put_text(&writer, "isa", isa);
    report_count(&writer, "threads", quell_threads_default());
    quell_json_put_text(&writer, "sleef", SLEEF_RELEASE);
    quell_json_put_text(&writer, "lapack", quell_lapack_about());
    quell_json_put_text(&writer, "onnx", onnx_about());
    quell_json_put_text(&writer, "server", SERVER);
    quell_json_put_text(&writer, "samples", PROMISE ONNX_EXCEPTION);
    return report_end(&writer);
}

struct info_options {
    const char *model;
    int json;
};

static const struct option_row rows[] = {
    GROUP_ROW("Options"),
    TEXT_ROW(info_options, model, "model", "M", "The model, which may also stand alone."),
    FLAG_ROW(info_options, json, "json", "Print one JSON object."),
    {0},
};

static const struct option_table table = {
    .usage = "quell info [MODEL] [--json]",
    .about = "Shows what this build and this machine have: instruction sets (QUELL_ISA chooses\n"
             "one), threads (OMP_NUM_THREADS, the affinity mask and the cgroup limit them),\n"
             "libraries, and what quell promises about samples. With MODEL, shows all that is\n"
             "known of that model: its shape, classes, schedule, parameters and file, whether its\n"
             "samples are the same bits on any machine, and what its exporter wrote.",
    .examples = "Example: quell info net.safetensors",
    .options = rows,
    .words = 1,
};

int command_info(int argc, char **argv)
{
    struct info_options options = {0};
    const char *isa, *word = NULL;
    int code;
    if (!options_read(&table, argc, argv, &options, &word, &code)) return code;
    if (word && options.model)
        return complain(EXIT_USAGE, "--model and '%s': only one of them", word);
    if (word) options.model = word;
    if (options.model) return info_model(options.model, options.json);
    quell_status status = quell_isa_default(&isa);
    if (status) return complain_status(status);
    if (options.json) return print_json(isa);
    print_text(isa);
    return EXIT_DONE;
}
