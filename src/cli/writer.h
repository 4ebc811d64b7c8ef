/* SPDX-License-Identifier: MIT */
/* JSON on a stream. jansson has no unsigned 64-bit integers and no names that are not UTF-8; the
 * command has both. */
#ifndef QUELL_CLI_WRITER_H
#define QUELL_CLI_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct writer {
    FILE *file;
    int depth;
    bool filled; /* the innermost object or array has an entry */
};

/* `name` is NULL inside an array and at the top. */
void writer_open(struct writer *writer, const char *name, char bracket);
void writer_close(struct writer *writer, char bracket);
void writer_text(struct writer *writer, const char *name, const char *text); /* NULL: null */
void writer_count(struct writer *writer, const char *name, uint64_t value);
void writer_real(struct writer *writer, const char *name, double value);
void writer_truth(struct writer *writer, const char *name, bool value);

#endif
