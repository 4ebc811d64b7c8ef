/* SPDX-License-Identifier: MIT */
/* How a batch is divided into tiles. The samples never depend on it. */
#ifndef QUELL_ENGINE_LAYOUT_H
#define QUELL_ENGINE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include "core/plan.h"
#include "denoisers/denoiser.h"

/* Elements in a tile, so that its state and one output of the model fit into the first-level cache
 * together. The overhead of an operation (tens of nanoseconds) is still small beside its work. */
#define QUELL_TILE_ELEMENTS 2048

/* Tiles of `rows` whole samples or, if elements < dim, of `elements` elements of one sample (a
 * multiple of 4, so that a tile begins on a block of noise). If op_major is set, registers hold the
 * whole batch and each EVAL is a pass of its own. */
struct quell_layout {
    size_t rows, elements;
    size_t across; /* tiles in a sample: ceil(dim / elements) */
    size_t tiles;
    bool op_major;
};

/* Returns the layout for a whole plan over `count` samples. `tile` is the caller's number of rows,
 * or 0. `helpers` is how many helpers an evaluation can use while there are fewer tiles than
 * workers. `cut` says into which parts the plan allows samples to be divided. */
struct quell_layout quell_layout_plan(const quell_denoiser *denoiser, size_t count, size_t workers,
                                      size_t helpers, size_t tile, enum quell_cut cut);

/* Returns the layout for a pass of element-wise operations over the whole batch. */
struct quell_layout quell_layout_elements(size_t dim, size_t count, size_t tile);

#endif
