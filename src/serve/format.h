/* SPDX-License-Identifier: MIT */
/* The forms that samples are sent in. */
#ifndef QUELL_SERVE_FORMAT_H
#define QUELL_SERVE_FORMAT_H

#include <stddef.h>

enum serve_format { SERVE_NPY, SERVE_RAW, SERVE_JSON, SERVE_PNG, SERVE_FORMATS };

/* The name of a format, and its type in HTTP. */
const char *serve_format_name(enum serve_format format);
const char *serve_format_type(enum serve_format format);

/* The format of that name; SERVE_FORMATS if there is none. */
enum serve_format serve_format_named(const char *name);

/* The formats that a client takes, the one that it likes best first. */
struct serve_liked {
    enum serve_format order[SERVE_FORMATS];
    size_t count;
};

/* Those of an Accept header; NULL: the client does not say. A range whose weight is no number from
 * 0 to 1 counts for nothing. */
struct serve_liked serve_format_liked(const char *accept);

#endif
