/* SPDX-License-Identifier: MIT */
/* Arrays that a client sends: .npy files in memory, and nested lists of numbers in JSON. */
#ifndef QUELL_SERVE_ARRAY_H
#define QUELL_SERVE_ARRAY_H

#include <stdbool.h>
#include <stdint.h>
#include "io/npy.h"

/* An array of floats or of integers. */
struct serve_array {
    size_t rank, shape[QUELL_NPY_MAX_RANK];
    size_t values;  /* the number of elements, the product of `shape` */
    float *floats;  /* the elements, if they are floats; else NULL */
    int64_t *words; /* the elements, if they are integers; else NULL */
};

/* What the elements of an array must be. */
enum serve_wanted {
    SERVE_FLOATS,  /* finite floats */
    SERVE_CLASSES, /* integers from -1 (no class) on that fit an int64_t */
    SERVE_WORDS    /* seeds or indices: uint64_t, stored in the same bits of an int64_t */
};

/* Reads a whole .npy file, bytes[size]. Fails with QUELL_BAD_ARGUMENT, and a message for the client
 * that begins with `name`, or with QUELL_NO_MEMORY. The caller frees the array in any case. */
quell_status serve_array_npy(struct serve_array *array, const char *name, enum serve_wanted wanted,
                             const char *bytes, size_t size);

/* Reads a number, or nested lists of numbers that are all of one shape, from JSON that
 * quell_json_check (base/json.h) has accepted. Fails as serve_array_npy does. */
quell_status serve_array_json(struct serve_array *array, const char *name, enum serve_wanted wanted,
                              const char *value);

void serve_array_free(struct serve_array *array);

/* Whether bytes[size] begin as an .npy file does. */
bool serve_is_npy(const char *bytes, size_t size);

#endif
