/* SPDX-License-Identifier: MIT */
#include "fail.h"
#include "fail_last.h"
#include "line.h"
#include "memory.h"
#include "number.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LONG 1024 /* a longer message, with a path, gets memory of its own */

static _Thread_local char last_message[512];
static _Thread_local unsigned count;
static _Thread_local quell_status last_status;
static _Thread_local struct {
    bool known;
    uint64_t sample;
    size_t transition;
} where;

unsigned quell_fail_count(void) { return count; }

struct quell_failed quell_fail_last(void) { return (struct quell_failed){count, last_status}; }

bool quell_fail_explains(int result, unsigned before)
{
    return count != before &&
           (quell_fail_result(result, before) < 0 || last_status == QUELL_STOPPED);
}

int quell_fail_result(int result, unsigned before)
{
    bool asks = result == (int)QUELL_STOPPED || result != (int)last_status;
    return result <= 0 || count == before || asks ? result : -1;
}

static quell_status record(quell_status status, const char *text, size_t length)
{
    quell_fit_line(last_message, sizeof last_message, text, length);
    count++;
    last_status = status;
    where.known = false;
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

void quell_fail_sample(uint64_t sample, size_t transition)
{
    where.known = true;
    where.sample = sample;
    where.transition = transition;
}

int quell_error_sample(uint64_t *sample, size_t *transition)
{
    if (!where.known) return 0;
    if (sample) *sample = where.sample;
    if (transition) *transition = where.transition;
    return 1;
}

#define ROW(status, text) [status] = {#status, text}

/* Each status: its name, and what it means. */
static const struct {
    const char *name;
    const char *text;
} statuses[] = {
    ROW(QUELL_OK, "success"),
    ROW(QUELL_STOPPED, "stopped at the caller's request"),
    ROW(QUELL_BAD_ARGUMENT, "an argument is out of its range"),
    ROW(QUELL_NO_MEMORY, "out of memory"),
    ROW(QUELL_NOT_FOUND, "no such name"),
    ROW(QUELL_UNSUPPORTED, "not available on this machine or in this build"),
    ROW(QUELL_BAD_MODEL, "the model is not valid"),
    ROW(QUELL_IO_FAILED, "a file could not be read or written"),
    ROW(QUELL_DENOISER_FAILED, "the denoiser or a function of the caller's reported an error"),
    ROW(QUELL_NOT_FINITE, "a sample became infinite or not a number"),
    ROW(QUELL_AFTER_FORK, "this process is a child of fork(), where the call cannot go on"),
    ROW(QUELL_NO_PROGRESS, "a sampler with adaptive steps reached its limit of tries"),
    ROW(QUELL_BUSY, "a queue is full, or it or a request has not ended yet"),
};

/* A status may be any number: a caller's own, or that of a later version. */
static bool is_known(quell_status status)
{
    return (size_t)status < sizeof statuses / sizeof *statuses && statuses[status].name;
}

const char *quell_status_name(quell_status status)
{
    return is_known(status) ? statuses[status].name : "unknown status";
}

const char *quell_status_text(quell_status status)
{
    return is_known(status) ? statuses[status].text : "unknown status";
}

const char *quell_version(void) { return QUELL_VERSION; }
