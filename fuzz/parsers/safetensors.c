/* SPDX-License-Identifier: MIT */
/* .safetensors files: each tensor that a header names is read. The first eight bytes are put right,
 * so that the fuzzer need not find the length of the header; the rest is the header and, after the
 * first '\0', the data. */
#include "input.h"
#include "models/model.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

static void read_all(struct quell_tensors *tensors)
{
    float out[4096];
    for (size_t i = 0; i < tensors->count; i++) {
        const struct quell_tensor *tensor = &tensors->tensors[i];
        if (tensor->end - tensor->begin > sizeof out) continue;
        (void)quell_tensors_read(tensors, tensor->name, tensor->rank, tensor->shape, out);
    }
    (void)quell_tensors_unread(tensors);
    (void)quell_tensors_metadata(tensors, "quell");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t header = end ? (size_t)(end - data) : size, rest = end ? size - header - 1 : 0;
    uint8_t *file = calloc(8 + header + rest + 1, 1);
    struct quell_tensors tensors;
    quell_model *model = calloc(1, sizeof *model);
    if (!file || !model) return 0;
    for (size_t i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)header >> 8 * i);
    if (header) memcpy(file + 8, data, header);
    if (rest) memcpy(file + 8 + header, end + 1, rest);
    if (!quell_tensors_open_memory(&tensors, "input", file, 8 + header + rest)) read_all(&tensors);
    quell_tensors_close(&tensors);
    (void)quell_model_read_memory(model, "input", file, 8 + header + rest);
    quell_model_free(model);
    free(file);
    return 0;
}
