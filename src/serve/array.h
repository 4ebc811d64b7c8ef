/* SPDX-License-Identifier: MIT */
/* Arrays that a client sends: .npy files in memory, and lists of lists of JSON. */
#ifndef QUELL_SERVE_ARRAY_H
#define QUELL_SERVE_ARRAY_H

#include <stdbool.h>
#include <stdint.h>
#include "io/npy.h"

/* shape[rank], and the product of it. floats or words has the values, the other is NULL; words are
 * whole numbers, as signed: -1 may be among them. */
struct serve_array {
    size_t rank, shape[QUELL_NPY_MAX_RANK], values;
    float *floats;
    int64_t *words;
};

/* What is wanted: finite floats, or whole numbers from -1 on that fit an int64_t or, as a seed
 * does, a uint64_t of the same bits. */
enum serve_wanted { SERVE_FLOATS, SERVE_CLASSES, SERVE_WORDS };

/* Reads an .npy file. Fails with QUELL_BAD_ARGUMENT and a line that begins with `name`, or with
 * QUELL_NO_MEMORY. Free the array in any case. */
quell_status serve_array_npy(struct serve_array *array, const char *name, enum serve_wanted wanted,
                             const char *bytes, size_t size);

/* Reads a number or nested lists of numbers, all of one shape, from JSON that was checked
 * (base/json.h). Errors are those of serve_array_npy. */
quell_status serve_array_json(struct serve_array *array, const char *name, enum serve_wanted wanted,
                              const char *value);

void serve_array_free(struct serve_array *array);

/* Whether bytes are an .npy file's. */
bool serve_is_npy(const char *bytes, size_t size);

#endif
