/* SPDX-License-Identifier: MIT */
/* The distinct labels of a forward pass: what depends on the class alone is computed once for each
 * of them, and copied to the rows. */
#ifndef QUELL_NETWORKS_LABELS_H
#define QUELL_NETWORKS_LABELS_H

#include "networks/network.h"

/* distinct[count]: the labels in the order of their first rows; slot[rows]: the index of a row's
 * label in it. */
struct quell_labels {
    size_t count;
    uint32_t *distinct, *slot;
};

/* The number of floats of memory that it takes. */
static inline size_t quell_labels_floats(size_t rows) { return 2 * rows; }

struct quell_labels quell_labels_of(const struct quell_network *network,
                                    const struct quell_pass *pass, float *memory);

/* to[rows][stride] = from[slot of the row][stride]. */
void quell_labels_spread(const struct quell_labels *labels, size_t rows, size_t stride,
                         const float *from, float *to);

#endif
