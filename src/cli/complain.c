/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/own_words.h"
#include "base/line.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LONG 16384

static const char *program = "quell";
static char *held;

int complain(int code, const char *format, ...)
{
    char raw[LONG], text[COMPLAINT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    quell_fit_line(text, sizeof text, raw, strlen(raw));
    if (held)
        memcpy(held, text, sizeof text);
    else
        fprintf(stderr, "%s: %s\n", program, text);
    return code;
}

void print_name(FILE *file, const char *name)
{
    char text[COMPLAINT];
    quell_utf8_copy(text, sizeof text, name);
    quell_make_line(text);
    fputs(text, file);
}

void print_shape(FILE *file, size_t rank, const size_t *shape)
{
    fputs("(", file);
    for (size_t i = 0; i < rank; i++) fprintf(file, "%s%zu", i ? ", " : "", shape[i]);
    fputs(")", file);
}

void complain_as(const char *name, char keep[COMPLAINT])
{
    program = name;
    held = keep;
}

static int code_of(quell_status status)
{
    switch (status) {
    case QUELL_OK:
        return EXIT_DONE;
    case QUELL_BAD_ARGUMENT:
    case QUELL_NOT_FOUND:
    case QUELL_UNSUPPORTED:
        return EXIT_USAGE;
    case QUELL_BAD_MODEL:
        return EXIT_MODEL;
    case QUELL_IO_FAILED:
        return EXIT_FILE;
    case QUELL_NO_MEMORY:
        return EXIT_MEMORY;
    default:
        return EXIT_FAILED;
    }
}

int complain_status(quell_status status)
{
    const char *message = quell_error_message();
    char text[LONG];
    own_words(*message ? message : quell_status_text(status), text, sizeof text);
    return complain(code_of(status), "%s", text);
}

int complain_input(int code, quell_status status)
{
    int own = complain_status(status);
    return own == EXIT_MEMORY ? own : code;
}

int complain_run(quell_status status)
{
    if (!interrupt_signal) return complain_status(status);
    complain(0, "stopped by %s: no file was written", interrupt_name());
    return EXIT_SIGNAL + (int)interrupt_signal;
}

int finish_stdout(int code)
{
    if (!fflush(stdout) && !ferror(stdout)) return code;
    return complain(EXIT_FILE, "standard output: cannot be written: %s", strerror(errno));
}
