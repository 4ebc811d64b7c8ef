/* SPDX-License-Identifier: MIT */
#ifndef QUELL_ENGINE_NOISE_H
#define QUELL_ENGINE_NOISE_H

#include "simd/kernels.h"

#include <stddef.h>
#include <stdint.h>

/* The greatest number of floats that quell_noise_fill writes for `count` elements. */
#define QUELL_NOISE_ROOM(count) (2 * (count) + 4)

/* Writes the noise of elements [element, element + elements) of `rows` samples with `dim` elements
 * each, from `sample` on: out[rows][elements]. It takes either whole samples (element == 0,
 * elements == dim), or one row with an `element` that is a multiple of 4. out has room for
 * QUELL_NOISE_ROOM(rows * elements) floats. */
void quell_noise_fill(const struct quell_kernels *kernels, uint64_t seed, uint32_t stream,
                      uint64_t sample, size_t rows, size_t dim, size_t element, size_t elements,
                      float *out);

/* The streams that the samples of a run belong to. Row r is the sample number indices[r] (first + r
 * if indices is NULL) of the seed seeds[r] (`seed` if seeds is NULL); seeds without indices do not
 * occur. `before` is the number of rows of the whole request before these, for messages. */
struct quell_streams {
    uint64_t seed, first;
    const uint64_t *seeds, *indices;
    size_t before;
};

/* Writes the noise of `rows` rows of these streams, from `row` on, with `key` xored to their
 * seeds. */
void quell_noise_fill_rows(const struct quell_kernels *kernels, const struct quell_streams *streams,
                           uint64_t key, uint32_t stream, size_t row, size_t rows, size_t dim,
                           size_t element, size_t elements, float *out);

/* Computes out[count] += weight * noise, by fused multiply-adds. The first term (term == 0)
 * overwrites out. */
void quell_noise_add(const struct quell_kernels *kernels, size_t term, double weight,
                     const float *noise, size_t count, float *out);

#endif
