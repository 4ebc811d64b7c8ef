/* SPDX-License-Identifier: MIT */
/* The command `quell`: calls the function of the subcommand. It never sets a locale, so that
 * numbers are read and written with a decimal point. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "base/nearest.h"

#include <built_with.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifndef QUELL_SERVE
static int command_absent(int argc, char **argv)
{
    (void)argc;
    return complain(EXIT_USAGE,
                    "%s: this quell was built without it: install libmicrohttpd-dev (on Debian, "
                    "`scripts/setup serve`), and build in another folder",
                    argv[0]);
}
#endif

static const struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"sample", "draw samples from a model", command_sample},
    {"join", "join the parts of a stream of samples", command_join},
    {"compare", "compare samplers: quality against evaluations", command_compare},
    {"denoise", "evaluate a model's denoiser once", command_denoise},
    {"list", "list samplers, schedules, grids, models, instruction sets", command_list},
    {"info", "describe a model, or this build and this machine", command_info},
    {"plan", "print the operations that a sampler consists of", command_plan},
    {"quantize", "make a network's weights whole numbers of eight bits", command_quantize},
    {"model", "store a model with its eigenbasis as JSON", command_model},
#ifdef QUELL_SERVE
    {"serve", "serve samples over HTTP", command_serve},
#else
    {"serve", "serve samples over HTTP (not in this build)", command_absent},
#endif
};

#define COMMANDS (sizeof commands / sizeof *commands)

static int help(FILE *file)
{
    fprintf(file, "quell %s: draws samples from diffusion models on CPUs.\n\n", quell_version());
    fputs("Usage: quell COMMAND [OPTION...]\n"
          "       quell help [COMMAND]\n"
          "       quell version\n\n"
          "Example: quell sample --model builtin:glyphs --class each --plot letters.png\n\n"
          "Commands:\n",
          file);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(file, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs(
        "\nSamples depend on the model, the schedule, the sampler, the steps, the seed and their\n"
        "index alone: not on threads, batches, instruction set or compiler.\n\n" //
        EXIT_CODES_HELP,
        file);
    return EXIT_DONE;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name)) return &commands[i];
    return NULL;
}

static int complain_command(const char *name)
{
    if (!strcmp(name, "resume"))
        return complain(EXIT_USAGE, "no command 'resume': the command that was interrupted, "
                                    "`quell sample ...`, goes on with --resume");
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    for (size_t i = 0; i < COMMANDS; i++) quell_nearest_try(&nearest, commands[i].name);
    static const char *const others[] = {"help", "version", "--help", "--version"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        quell_nearest_try(&nearest, others[i]);
    return complain(EXIT_USAGE, "no command '%s'%s: see `quell --help`", name, nearest.hint);
}

static bool is_one_of(const char *name, const char *const *words)
{
    while (*words && strcmp(name, *words)) words++;
    return *words;
}

static const char *const versions[] = {"version", "--version", "-V", NULL};
static const char *const helps[] = {"help", "--help", "-h", NULL};

static int help_on(char *name)
{
    if (is_one_of(name, helps) || is_one_of(name, versions)) return help(stdout);
    char option[] = "--help", *arguments[] = {name, option, NULL};
    const struct command *command = find(name);
    return command ? command->run(2, arguments) : complain_command(name);
}

static int run(int argc, char **argv)
{
    const char *name = argv[1];
    const struct command *command = find(name);
    bool version = is_one_of(name, versions);
    if (command) return command->run(argc - 1, argv + 1);
    if (!version && !is_one_of(name, helps)) return complain_command(name);
    if (argc > 2 + !version)
        return complain(EXIT_USAGE, "'%s': no such argument of %s", argv[2 + !version], name);
    if (argc > 2) return help_on(argv[2]);
    if (!version) return help(stdout);
    printf("quell %s\n", quell_version());
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    int code = finish_stdout(run(argc, argv));
    if (interrupt_signal && code == EXIT_SIGNAL + (int)interrupt_signal) interrupt_end();
    return code;
}
