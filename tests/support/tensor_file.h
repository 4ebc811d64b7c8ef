/* SPDX-License-Identifier: MIT */
/* .safetensors files for tests. */
#ifndef QUELL_TESTS_TENSOR_FILE_H
#define QUELL_TESTS_TENSOR_FILE_H

#include <stddef.h>

/* Puts the length of the header, the header and the data together in `file`; returns the size. */
size_t tensor_file(char *file, const char *header, const void *data, size_t bytes);

/* A growing file of float32 tensors. */
struct tensor_writer {
    char header[16384];
    float data[1 << 17];
    size_t used, floats;
};

/* __metadata__: {"quell": description}, if there is one; it is a text with ' for ". */
void tensor_begin(struct tensor_writer *writer, const char *description);

/* Adds a tensor filled as formula_fill() does with its name: a matrix with the variance 1 / inputs,
 * a vector in [-1/2, 1/2). */
void tensor_add(struct tensor_writer *writer, const char *name, size_t rank, const size_t *shape);

size_t tensor_finish(struct tensor_writer *writer, char *file);

#endif
