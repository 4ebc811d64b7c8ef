/* SPDX-License-Identifier: MIT */
/* The distinct labels of a pass: what a network works out of the class is worked out once for each
 * of them, and then handed to the rows. */
#ifndef QUELL_NETWORKS_LABELS_H
#define QUELL_NETWORKS_LABELS_H

#include "networks/network.h"

/* distinct[count]: the labels by their first row; slot[rows]: which of them a row has. */
struct quell_labels {
    size_t count;
    uint32_t *distinct, *slot;
};

/* Floats of memory for it. */
static inline size_t quell_labels_floats(size_t rows) { return 2 * rows; }

struct quell_labels quell_labels_of(const struct quell_network *network,
                                    const struct quell_pass *pass, float *memory);

/* to[rows][stride] = from[slot of the row][stride]. */
void quell_labels_spread(const struct quell_labels *labels, size_t rows, size_t stride,
                         const float *from, float *to);

#endif
