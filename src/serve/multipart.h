/* SPDX-License-Identifier: MIT */
/* Bodies of the type multipart/form-data (RFC 7578), which are there as a whole. */
#ifndef QUELL_SERVE_MULTIPART_H
#define QUELL_SERVE_MULTIPART_H

#include <quell/status.h>
#include <stddef.h>

#define SERVE_MOST_PART_NAME 128

/* A part: its name and its bytes, in the body. */
struct serve_part {
    char name[SERVE_MOST_PART_NAME];
    const char *bytes;
    size_t size;
};

typedef quell_status serve_part_fn(void *user, const struct serve_part *part);

/* Calls take(user, part) for each part, until one fails. type: the Content-Type, with its boundary.
 * Fails with QUELL_BAD_ARGUMENT and a line. */
quell_status serve_multipart(const char *type, const char *body, size_t size, serve_part_fn *take,
                             void *user);

#endif
