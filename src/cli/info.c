/* SPDX-License-Identifier: MIT */
/* quell info: what matters when samples are compared or are slow. */
#include "cli/cli.h"
#include "cli/onnx.h"
#include "cli/options.h"
#include "cli/report.h"
#include "engine/threads.h"

#include <quell/quell.h>
#include <sleef.h>
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

#define PROMISE "the same bits on any instruction set, thread count, tile, batch and compiler"

/* Another LAPACK than OpenBLAS may be linked, which has no such function. */
__attribute__((weak)) char *openblas_get_config(void);

static const char *lapack(void)
{
    return openblas_get_config ? openblas_get_config() : "LAPACK, not OpenBLAS";
}

static void print_text(const char *isa)
{
    printf("quell      %s, compiled by %s\n", quell_version(), COMPILER);
    printf("isas      ");
    for (size_t i = 0; quell_isa_name(i); i++)
        printf(" %s%s", quell_isa_name(i),
               !strcmp(quell_isa_name(i), isa)          ? " (default)"
               : quell_isa_available(quell_isa_name(i)) ? ""
                                                        : " (not here)");
    printf("\nthreads    %zu\n", quell_threads_default());
    printf("SLEEF      %s\nLAPACK     %s\nONNX       %s\n", SLEEF_RELEASE, lapack(), onnx_about());
    printf("samples    %s%s\n", PROMISE, ONNX_EXCEPTION);
}

static int print_json(const char *isa)
{
    json_t *isas = json_array();
    for (size_t i = 0; quell_isa_name(i); i++)
        json_array_append_new(isas, json_pack("{s:s, s:b}", "name", quell_isa_name(i), "available",
                                              quell_isa_available(quell_isa_name(i))));
    return report_print(json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:s, s:s}", "version",
                                  quell_version(), "compiler", COMPILER, "isas", isas, "isa", isa,
                                  "threads", report_count(quell_threads_default()), "sleef",
                                  SLEEF_RELEASE, "lapack", lapack(), "onnx", onnx_about(),
                                  "samples", PROMISE ONNX_EXCEPTION));
}

struct info_options {
    int json;
};

static const struct option_row rows[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct info_options, json),
     .help = "one JSON object on stdout"},
    {0},
};

static const struct option_table table = {
    .usage = "quell info [--json]",
    .about = "Prints what this build and this machine have: instruction sets (QUELL_ISA chooses\n"
             "one), threads (OMP_NUM_THREADS, the affinity mask and the cgroup limit them),\n"
             "libraries, and what is promised about samples.",
    .options = rows,
    .after = "",
};

int command_info(int argc, char **argv)
{
    struct info_options options = {0};
    const char *isa;
    int code;
    if (!options_read(&table, argc, argv, &options, NULL, &code)) return code;
    quell_status status = quell_isa_default(&isa);
    if (status) return complain_status(status);
    if (options.json) return print_json(isa);
    print_text(isa);
    return EXIT_DONE;
}
