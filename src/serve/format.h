/* SPDX-License-Identifier: MIT */
/* The forms that samples are sent in. */
#ifndef QUELL_SERVE_FORMAT_H
#define QUELL_SERVE_FORMAT_H

enum serve_format { SERVE_NPY, SERVE_RAW, SERVE_JSON, SERVE_PNG, SERVE_FORMATS };

/* The name of a format, and its type in HTTP. */
const char *serve_format_name(enum serve_format format);
const char *serve_format_type(enum serve_format format);

/* The format of that name; SERVE_FORMATS if there is none. */
enum serve_format serve_format_named(const char *name);

/* The format that an Accept header likes best; SERVE_FORMATS if it takes none of them. NULL: the
 * client does not say. */
enum serve_format serve_format_accepted(const char *accept);

#endif
