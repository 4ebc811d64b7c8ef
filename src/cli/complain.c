/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "base/line.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LONG 16384

static const char *program = "quell";
static char *held;

/* A whole character begins here. */
static bool begins(char byte) { return ((unsigned char)byte & 0xC0) != 0x80; }

/* UTF-8 without control characters. Paths have up to 4096 bytes: what is too long loses its middle,
 * and not the reason, which comes last. */
static void fit(char text[COMPLAINT], const char *raw)
{
    char good[3 * LONG];
    quell_utf8_copy(good, sizeof good, raw);
    quell_make_line(good);
    size_t length = strlen(good), head = COMPLAINT / 4;
    const char *tail = good + length - (COMPLAINT - 1 - COMPLAINT / 4 - 3);
    if (length < COMPLAINT) {
        memcpy(text, good, length + 1);
        return;
    }
    while (head && !begins(good[head])) head--;
    while (!begins(*tail)) tail++;
    snprintf(text, COMPLAINT, "%.*s...%s", (int)head, good, tail);
}

int complain(int code, const char *format, ...)
{
    char raw[LONG], text[COMPLAINT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    fit(text, raw);
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
    return complain(code_of(status), "%s", *message ? message : quell_status_text(status));
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
