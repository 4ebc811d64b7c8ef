/* SPDX-License-Identifier: MIT */
/* A folder for a test's files. */
#ifndef QUELL_TESTS_SCRATCH_H
#define QUELL_TESTS_SCRATCH_H

#include <stddef.h>

struct scratch {
    char folder[200];
};

struct scratch_path {
    char text[1024];
};

struct scratch scratch_new(void);
void scratch_remove(const struct scratch *scratch); /* with all that is in it */

struct scratch_path scratch_path(const struct scratch *scratch, const char *name);

/* Writes a file; a text if size is 0. Returns its path. */
struct scratch_path scratch_write(const struct scratch *scratch, const char *name, const void *data,
                                  size_t size);

/* The whole file, with a '\0' after it, and its size; free it. NULL if it cannot be read. */
char *scratch_read(const struct scratch *scratch, const char *name, size_t *size);

/* How many entries a folder in it has ("." is the scratch folder itself). */
int scratch_count(const struct scratch *scratch, const char *name);

#endif
