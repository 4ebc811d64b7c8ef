/* SPDX-License-Identifier: MIT */
#include "fail.h"
#include "line.h"
#include "memory.h"
#include "number.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LONG 1024 /* what is longer, with a path, is written to memory of its own */

static _Thread_local char last_message[512];
static _Thread_local unsigned count;

unsigned quell_fail_count(void) { return count; }

static quell_status record(quell_status status, const char *text, size_t length)
{
    quell_fit_line(last_message, sizeof last_message, text, length);
    count++;
    return status;
}

/* The arguments may point into the last message, so the new one is built elsewhere first. */
quell_status quell_fail(quell_status status, const char *format, ...)
{
    char text[LONG], *longer = NULL;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t length = quell_format(text, sizeof text, format, arguments);
    if (length >= sizeof text) longer = quell_new(length + 1, 1);
    if (longer)
        quell_format(longer, length + 1, format, again);
    else if (length >= sizeof text)
        length = sizeof text - 1; /* no memory */
    va_end(again);
    va_end(arguments);
    record(status, longer ? longer : text, length);
    free(longer);
    return status;
}

quell_status quell_fail_file(const char *path, const char *what)
{
    quell_status status = errno == ENOMEM ? QUELL_NO_MEMORY : QUELL_IO_FAILED;
    return quell_fail(status, "%s: %s: %s", path, what, strerror(errno));
}

quell_status quell_error_set(quell_status status, const char *message)
{
    return record(status, message ? message : "", message ? strlen(message) : 0);
}

const char *quell_error_message(void) { return last_message; }

const char *quell_status_name(quell_status status)
{
    switch (status) {
#define NAME(name, text) \
    case name:           \
        return #name;
        QUELL_STATUSES(NAME)
#undef NAME
    }
    return "unknown status";
}

const char *quell_status_text(quell_status status)
{
    switch (status) {
#define TEXT(name, text) \
    case name:           \
        return text;
        QUELL_STATUSES(TEXT)
#undef TEXT
    }
    return "unknown status";
}

const char *quell_version(void) { return QUELL_VERSION; }
