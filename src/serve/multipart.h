/* SPDX-License-Identifier: MIT */
/* Parser for complete bodies of the type multipart/form-data (RFC 7578). */
#ifndef QUELL_SERVE_MULTIPART_H
#define QUELL_SERVE_MULTIPART_H

#include <quell/status.h>
#include <stddef.h>

#define SERVE_MOST_PART_NAME 128

/* A part of a body. `bytes` points into the body. */
struct serve_part {
    char name[SERVE_MOST_PART_NAME];
    const char *bytes;
    size_t size;
};

typedef quell_status serve_part_fn(void *user, const struct serve_part *part);

/* Calls take(user, part) for each part, until one call fails. `type` is the Content-Type, which
 * contains the boundary. Fails with QUELL_BAD_ARGUMENT and a message for the client, or as `take`
 * did. */
quell_status serve_multipart(const char *type, const char *body, size_t size, serve_part_fn *take,
                             void *user);

#endif
