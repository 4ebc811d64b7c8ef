/* SPDX-License-Identifier: MIT */
/* .safetensors files for tests. */
#ifndef QUELL_TESTS_TENSOR_FILE_H
#define QUELL_TESTS_TENSOR_FILE_H

#include <stddef.h>

/* Puts the length of the header, the header and the data together in `file`; returns the size. */
size_t tensor_file(char *file, const char *header, const void *data, size_t bytes);

/* A growing file of float32 tensors. */
struct tensor_writer {
    char header[8192];
    float data[65536];
    size_t used, floats;
};

/* __metadata__: {"quell": description}, if there is one; it is a text with ' for ". */
void tensor_begin(struct tensor_writer *writer, const char *description);

/* Adds a tensor filled as formula_fill() does with its name and the scale of formula_weights. */
void tensor_add(struct tensor_writer *writer, const char *name, size_t rank, const size_t *shape);

/* All tensors that a residual MLP of these sizes has. */
void tensor_add_mlp(struct tensor_writer *writer, size_t dim, size_t hidden, size_t blocks,
                    size_t features, size_t width, size_t classes);

size_t tensor_finish(struct tensor_writer *writer, char *file);

#endif
