/* SPDX-License-Identifier: MIT */
#include "fail.h"
#include "line.h"
#include "number.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_message[512];

quell_status quell_fail(quell_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    quell_format(last_message, sizeof last_message, format, arguments);
    va_end(arguments);
    quell_make_line(last_message);
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
