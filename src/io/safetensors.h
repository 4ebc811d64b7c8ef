/* SPDX-License-Identifier: MIT */
/* Untrusted .safetensors files: eight bytes with the length of a JSON header, the header, and the
 * tensors' bytes, which the header must describe without a gap or an overlap. */
#ifndef QUELL_IO_SAFETENSORS_H
#define QUELL_IO_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/model.h>
#include <quell/status.h>
#include "base/json.h"

/* begin, end: offsets in bytes from the start of the data. kind: the type of its elements, an index
 * of the table of types. name: points into the header. */
struct quell_tensor {
    const char *name;
    int kind;
    size_t rank, shape[QUELL_MAX_RANK];
    uint64_t begin, end;
    bool read;
};

struct quell_tensors {
    char *path;
    int file;
    const unsigned char *memory; /* in place of a file, `length` bytes */
    uint64_t length;
    char *text; /* the header, into which the names point */
    struct quell_json_object metadata;
    uint64_t data; /* where it begins in the file */
    size_t count;
    struct quell_tensor *tensors; /* in the order of their bytes */
};

/* Opens a file and checks its whole header. QUELL_IO_FAILED: it cannot be read; QUELL_BAD_MODEL: it
 * is not a .safetensors file. */
quell_status quell_tensors_open(struct quell_tensors *tensors, const char *path);

/* Like quell_tensors_open, for bytes in memory, which must stay valid; messages call them
 * `name`. */
quell_status quell_tensors_open_memory(struct quell_tensors *tensors, const char *name,
                                       const void *bytes, size_t length);

/* Closes the file; a zeroed struct, or one that is closed already, is allowed. */
void quell_tensors_close(struct quell_tensors *tensors);

/* The value of an entry of __metadata__; NULL if there is none. */
const char *quell_tensors_metadata(const struct quell_tensors *tensors, const char *key);

/* Reads the tensor `name` as floats to out[product of the shape]. It must be present in that shape,
 * as F32, F16, BF16 or I8, with finite values. With out NULL everything but the values is
 * checked. */
quell_status quell_tensors_read(struct quell_tensors *tensors, const char *name, size_t rank,
                                const size_t *shape, float *out);

/* Reads the tensor of that index in the same way, in the shape that it has. */
quell_status quell_tensors_read_at(struct quell_tensors *tensors, size_t index, float *out);

/* Copies the tensor of that index as it is in the file. */
quell_status quell_tensors_bytes(struct quell_tensors *tensors, size_t index, void *out);

/* The name of a tensor that was not read; NULL if all were. */
const char *quell_tensors_unread(const struct quell_tensors *tensors);

#endif
