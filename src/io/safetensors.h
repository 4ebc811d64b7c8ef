/* SPDX-License-Identifier: MIT */
/* .safetensors files that are not trusted: eight bytes with the length of a JSON header, the
 * header, and the tensors' bytes, which the header must account for without a gap or an overlap. */
#ifndef QUELL_IO_SAFETENSORS_H
#define QUELL_IO_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/model.h>
#include <quell/status.h>
#include "base/json.h"

/* begin, end: bytes from the start of the data. kind: of its elements, an index of the table of
 * types. name: in the header. */
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
    char *text; /* of the header, where the names lie */
    struct quell_json_object metadata;
    uint64_t data; /* where it begins in the file */
    size_t count;
    struct quell_tensor *tensors; /* in the order of their bytes */
};

/* Opens a file and checks all of its header. QUELL_IO_FAILED: it cannot be read; QUELL_BAD_MODEL:
 * it is not such a file. */
quell_status quell_tensors_open(struct quell_tensors *tensors, const char *path);

/* The same for bytes in memory, which must stay there; messages call them `name`. */
quell_status quell_tensors_open_memory(struct quell_tensors *tensors, const char *name,
                                       const void *bytes, size_t length);

/* A zeroed or closed one is allowed. */
void quell_tensors_close(struct quell_tensors *tensors);

/* An entry of __metadata__; NULL: there is none. */
const char *quell_tensors_metadata(const struct quell_tensors *tensors, const char *key);

/* The tensor `name`, which must be there in that shape, as F32, F16 or BF16, and be finite, as
 * floats to out[product of the shape]. With out NULL all but the values are checked. */
quell_status quell_tensors_read(struct quell_tensors *tensors, const char *name, size_t rank,
                                const size_t *shape, float *out);

/* A tensor that was not read; NULL: all were. */
const char *quell_tensors_unread(const struct quell_tensors *tensors);

#endif
