/* SPDX-License-Identifier: MIT */
/* Bodies of requests: what does not fit an address. */
#ifndef QUELL_SERVE_BODY_H
#define QUELL_SERVE_BODY_H

#include "serve/ask.h"

/* Whether a body of that Content-Type can be read; NULL: the client does not say what it is. */
bool serve_body_readable(const char *type);

/* The types, as a sentence has them. */
#define SERVE_BODY_TYPES                                           \
    "application/json, application/x-npy, multipart/form-data or " \
    "application/x-www-form-urlencoded"

/* Refuses that there is no body, where its Content-Type says that there is something in it. Fails
 * with QUELL_BAD_ARGUMENT and a line. */
quell_status serve_body_none(const char *type);

/* Reads a body into `ask`: parameters, which must not be there already, and arrays.
 * body[size + 1]: ends with a NUL, and is written to. Fails with QUELL_BAD_ARGUMENT and a line, or
 * with QUELL_NO_MEMORY. */
quell_status serve_body_read(struct serve_ask *ask, const quell_model *model, const char *type,
                             char *body, size_t size);

#endif
