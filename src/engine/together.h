/* SPDX-License-Identifier: MIT */
/* Shares operations on a tile among its crew, if there are fewer samples than workers and the
 * samples have many elements: each worker draws the noise of some elements and updates them. */
#ifndef QUELL_ENGINE_TOGETHER_H
#define QUELL_ENGINE_TOGETHER_H

#include "tile.h"

/* Runs this sharer's part of an operation, or all of it: the pieces of quell_tile_next. Returns
 * whether something that it wrote is not finite. */
typedef int quell_tile_part(struct quell_tile *tile, const void *what);

/* Runs an operation, by the tile's crew if there is one and the operation is long enough. Returns
 * whether any part wrote something that is not finite. `draws` says that the operation draws
 * noise. */
int quell_tile_together(struct quell_tile *tile, bool draws, quell_tile_part *part,
                        const void *what);

#endif
