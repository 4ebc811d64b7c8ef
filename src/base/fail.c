/* SPDX-License-Identifier: MIT */
#include "fail.h"
#include "number.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static _Thread_local char last_message[512];

/* Names out of files may hold anything: what would end the line or begin a terminal's sequence
 * becomes '?', the control characters U+0080 to U+009F too, which are 0xC2 and one byte. */
static void make_one_line(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        bool pair = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0;
        if (*at < ' ' || *at == 0x7F || pair) *at = '?';
        if (pair) *++at = '?';
    }
}

quell_status quell_fail(quell_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    quell_format(last_message, sizeof last_message, format, arguments);
    va_end(arguments);
    make_one_line(last_message);
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
