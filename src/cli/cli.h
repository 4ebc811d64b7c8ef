/* SPDX-License-Identifier: MIT */
/* What the commands share: exit codes, complaints, and the commands themselves. */
#ifndef QUELL_CLI_CLI_H
#define QUELL_CLI_CLI_H

#include <quell/status.h>
#include <stdio.h>

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_MODEL = 3,
    EXIT_FILE = 4,
    EXIT_MEMORY = 5,
    EXIT_SIGNAL = 128 /* and the number of the signal: 130 on Ctrl-C */
};

/* The end of the help of the command as a whole; the help of each of its commands leaves it out. */
#define EXIT_CODES_HELP                                           \
    "Exit codes:\n"                                               \
    "  0    done\n"                                               \
    "  1    the run failed\n"                                     \
    "  2    the command line is wrong\n"                          \
    "  3    the model is missing or not valid\n"                  \
    "  4    a file could not be read or written\n"                \
    "  5    out of memory\n"                                      \
    "  130  stopped by Ctrl-C (128 + the number of a signal)\n\n" \
    "A file appears under its name only when it is complete.\n"

/* Prints one line on stderr, without control characters; returns the code. */
__attribute__((format(printf, 2, 3))) int complain(int code, const char *format, ...);

/* Prints a name from outside the program, without control characters and as UTF-8. */
void print_name(FILE *file, const char *name);

/* Prints a shape, as (64, 3). */
void print_shape(FILE *file, size_t rank, const size_t *shape);

/* Sets the program's name for complaints. If `keep` is not NULL, a complaint is written there and
 * not printed; the last one stays. */
#define COMPLAINT 1024
void complain_as(const char *name, char keep[COMPLAINT]);

/* Complains of the last failure of the library; returns the code that belongs to its status. */
int complain_status(quell_status status);

/* Complains of an input that could not be read; returns `code`, except when memory ran out. */
int complain_input(int code, quell_status status);

/* Complains of a failed run; if Ctrl-C ended it, returns the code for that. */
int complain_run(quell_status status);

/* Returns `code`; if something could not be written to stdout, complains, and returns another
 * code. */
int finish_stdout(int code);

int command_sample(int argc, char **argv);
int command_join(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_denoise(int argc, char **argv);
int command_list(int argc, char **argv);
int command_info(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_quantize(int argc, char **argv);
int command_model(int argc, char **argv);
int command_serve(int argc, char **argv);

#endif
