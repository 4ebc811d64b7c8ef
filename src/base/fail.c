/* SPDX-License-Identifier: MIT */
#include "fail.h"
#include "line.h"
#include "number.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_message[512];
static _Thread_local unsigned count;

unsigned quell_fail_count(void) { return count; }

quell_status quell_fail(quell_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    quell_format(last_message, sizeof last_message, format, arguments);
    va_end(arguments);
    quell_make_line(last_message);
    count++;
    return status;
}

quell_status quell_fail_file(const char *path, const char *what)
{
    quell_status status = errno == ENOMEM ? QUELL_NO_MEMORY : QUELL_IO_FAILED;
    return quell_fail(status, "%s: %s: %s", path, what, strerror(errno));
}

quell_status quell_error_set(quell_status status, const char *message)
{
    size_t length = message ? strnlen(message, sizeof last_message - 1) : 0;
    if (length) memmove(last_message, message, length); /* it may be the last one */
    last_message[length] = '\0';
    quell_make_line(last_message);
    count++;
    return status;
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
