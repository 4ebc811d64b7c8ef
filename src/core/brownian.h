/* SPDX-License-Identifier: MIT */
/* Virtual Brownian paths: any increment of W_k can be computed by itself, from the noise of named
 * streams. */
#ifndef QUELL_CORE_BROWNIAN_H
#define QUELL_CORE_BROWNIAN_H

#include <stddef.h>
#include <stdint.h>
#include <quell/grid.h>

/* Places on a path are rounded to multiples of 2^-24. */
#define QUELL_BROWNIAN_DEPTH 24
#define QUELL_BROWNIAN_CELLS (UINT32_C(1) << QUELL_BROWNIAN_DEPTH)

/* The greatest number of streams in an increment: the root's, and two for each level. */
#define QUELL_BROWNIAN_NODES (1 + 2 * QUELL_BROWNIAN_DEPTH)

/* The increment (W_slot(from) - W_slot(to)) / sqrt(|from - to|). The ends are in cells of 2^-24 and
 * differ; slot <= 7. */
struct quell_increment {
    uint32_t from, to, slot;
};

/* A term of an increment: weight * noise(stream), with the seed of the run. */
struct quell_node {
    uint32_t stream;
    double weight;
};

/* Return the cell of a position in [0, 1], and that of a point. */
uint32_t quell_brownian_cell(double place);
uint32_t quell_brownian_cell_of(const quell_point *point);

/* Writes the terms of an increment, whose squared weights add up to 1, and returns their number.
 * Terms of weight 0 are left out, so positions with few binary digits have few terms. */
size_t quell_brownian_nodes(const struct quell_increment *increment,
                            struct quell_node nodes[QUELL_BROWNIAN_NODES]);

#endif
