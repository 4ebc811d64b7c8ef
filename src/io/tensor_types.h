/* SPDX-License-Identifier: MIT */
/* The types of elements that .safetensors files may have. */
#ifndef QUELL_IO_TENSOR_TYPES_H
#define QUELL_IO_TENSOR_TYPES_H

#include <stddef.h>

#define QUELL_TENSOR_TYPES 15

/* width: of an element, in bytes. convert: to floats; NULL for a type that is known, but whose
 * values are not read. */
struct quell_tensor_type {
    const char *name;
    size_t width;
    void (*convert)(const unsigned char *at, size_t count, float *out);
};
extern const struct quell_tensor_type quell_tensor_types[QUELL_TENSOR_TYPES];

#endif
