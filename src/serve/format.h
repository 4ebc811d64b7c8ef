/* SPDX-License-Identifier: MIT */
/* The formats in which samples are sent. */
#ifndef QUELL_SERVE_FORMAT_H
#define QUELL_SERVE_FORMAT_H

#include <stddef.h>

enum serve_format { SERVE_NPY, SERVE_RAW, SERVE_JSON, SERVE_PNG, SERVE_FORMATS };

/* The name of a format, and its media type. */
const char *serve_format_name(enum serve_format format);
const char *serve_format_type(enum serve_format format);

/* Returns the format called `name`; SERVE_FORMATS if there is none. */
enum serve_format serve_format_named(const char *name);

/* The formats that a client accepts, in order of preference. */
struct serve_accepted {
    enum serve_format order[SERVE_FORMATS];
    size_t count;
};

/* Parses an Accept header; NULL means that there is none. A media range whose weight is not a
 * number from 0 to 1 is ignored. */
struct serve_accepted serve_format_accepted(const char *accept);

#endif
