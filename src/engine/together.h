/* SPDX-License-Identifier: MIT */
/* Operations that a tile's crew shares, where there are fewer samples than workers: of samples with
 * many elements, each worker draws the noise of some elements and makes their updates. */
#ifndef QUELL_ENGINE_TOGETHER_H
#define QUELL_ENGINE_TOGETHER_H

#include "tile.h"

/* A part of an operation, or all of it: the pieces of quell_tile_next. Returns whether something is
 * not finite. */
typedef int quell_tile_part(struct quell_tile *tile, const void *what);

/* Runs an operation, by the tile's crew if it has one and the operation is long enough; returns
 * whether any part returned that something is not finite. draws: it draws noise. */
int quell_tile_together(struct quell_tile *tile, bool draws, quell_tile_part *part,
                        const void *what);

#endif
