/* SPDX-License-Identifier: MIT */
#include "networks/labels.h"

#include <stdbool.h>
#include <string.h>

struct quell_labels quell_labels_of(const struct quell_network *network,
                                    const struct quell_pass *pass, float *memory)
{
    struct quell_labels labels = {0, (uint32_t *)memory, (uint32_t *)memory + pass->rows};
    for (size_t row = 0; row < pass->rows; row++) {
        bool known = pass->labels && pass->labels[row] >= 0;
        uint32_t label = known ? (uint32_t)pass->labels[row] : (uint32_t)network->classes;
        uint32_t slot = 0;
        while (slot < labels.count && labels.distinct[slot] != label) slot++;
        if (slot == labels.count) labels.distinct[labels.count++] = label;
        labels.slot[row] = slot;
    }
    return labels;
}

void quell_labels_spread(const struct quell_labels *labels, size_t rows, size_t stride,
                         const float *from, float *to)
{
    for (size_t row = 0; row < rows; row++)
        memcpy(to + row * stride, from + labels->slot[row] * stride, stride * sizeof *to);
}
