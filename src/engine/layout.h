/* SPDX-License-Identifier: MIT */
/* How a batch is divided into tiles. The samples never depend on it. */
#ifndef QUELL_ENGINE_LAYOUT_H
#define QUELL_ENGINE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include "core/plan.h"
#include "denoisers/denoiser.h"

/* A tile's state and one model output fit the first-level cache together; the overhead of an
 * operation (tens of nanoseconds) is then still small beside its work. */
#define QUELL_TILE_ELEMENTS 2048

/* Tiles of `rows` whole samples, or, if elements < dim, of `elements` elements of one sample (a
 * multiple of 4, so that a tile begins on a block of noise). op_major: registers hold the whole
 * batch and each EVAL is a pass of its own. */
struct quell_layout {
    size_t rows, elements;
    size_t across; /* tiles to a sample: ceil(dim / elements) */
    size_t tiles;
    bool op_major;
};

/* The layout for a whole plan over `count` samples. `tile`: the caller's number of rows, or 0.
 * `helpers`: how many helpers an evaluation may have, while there are fewer tiles than workers.
 * `cut`: into what the plan allows samples to be divided. */
struct quell_layout quell_layout_plan(const quell_denoiser *denoiser, size_t count, size_t workers,
                                      size_t helpers, size_t tile, enum quell_cut cut);

/* The layout for a pass of element-wise operations over the whole batch. */
struct quell_layout quell_layout_elements(size_t dim, size_t count, size_t tile);

#endif
