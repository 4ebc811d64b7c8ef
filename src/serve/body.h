/* SPDX-License-Identifier: MIT */
/* Bodies of requests: parameters, and arrays, for which an address has no room. */
#ifndef QUELL_SERVE_BODY_H
#define QUELL_SERVE_BODY_H

#include "serve/ask.h"

/* Whether a body with the Content-Type `type` can be read. NULL means that the client sent no
 * Content-Type, and is allowed. */
bool serve_body_readable(const char *type);

/* The types that can be read, as a list within a sentence. */
#define SERVE_BODY_TYPES                                           \
    "application/json, application/x-npy, multipart/form-data or " \
    "application/x-www-form-urlencoded"

/* Called for a POST without a body: fails with QUELL_BAD_ARGUMENT and a message if its Content-Type
 * (NULL: none) promises a file. */
quell_status serve_body_none(const char *type);

/* Reads a body into `ask`: parameters, none of which may have been given already, and arrays.
 * `body` has size + 1 bytes, of which the last is a NUL, and is modified. Fails with
 * QUELL_BAD_ARGUMENT and a message for the client, or with QUELL_NO_MEMORY. */
quell_status serve_body_read(struct serve_ask *ask, const quell_model *model, const char *type,
                             char *body, size_t size);

#endif
