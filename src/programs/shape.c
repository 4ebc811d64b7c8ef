/* SPDX-License-Identifier: MIT */
#include "programs/shape.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

size_t quell_elements_of(const struct quell_shape *shape, size_t from, size_t to)
{
    size_t product = 1;
    for (size_t d = from; d < to; d++) product *= shape->size[d];
    return product;
}

size_t quell_elements(const struct quell_shape *shape)
{
    return quell_elements_of(shape, 0, shape->rank);
}

bool quell_shape_fits(const struct quell_shape *shape)
{
    size_t product = 1;
    for (size_t d = 0; d < shape->rank; d++)
        if (shape->size[d] < 1 || quell_multiply(product, shape->size[d], &product) ||
            product > QUELL_MOST_VALUES)
            return false;
    return true;
}

bool quell_same_shape(const struct quell_shape *a, const struct quell_shape *b)
{
    return a->rank == b->rank && !memcmp(a->size, b->size, a->rank * sizeof *a->size);
}

bool quell_broadcast(struct quell_shape *a, const struct quell_shape *b)
{
    const struct quell_shape old = *a;
    a->rank = old.rank > b->rank ? old.rank : b->rank;
    for (size_t d = 0; d < a->rank; d++) { /* d counts from the last dimension */
        size_t left = d < old.rank ? old.size[old.rank - 1 - d] : 1;
        size_t right = d < b->rank ? b->size[b->rank - 1 - d] : 1;
        if (left != right && left != 1 && right != 1) {
            *a = old;
            return false;
        }
        a->size[a->rank - 1 - d] = left > right ? left : right;
    }
    return true;
}

bool quell_broadcasts_to(const struct quell_shape *from, const struct quell_shape *to)
{
    struct quell_shape both = *to;
    return quell_broadcast(&both, from) && quell_same_shape(&both, to);
}

void quell_strides(const struct quell_shape *from, const struct quell_shape *to, size_t *stride)
{
    size_t step = 1;
    for (size_t d = 0; d < to->rank; d++) {
        size_t size = d < from->rank ? from->size[from->rank - 1 - d] : 1;
        stride[to->rank - 1 - d] = size > 1 ? step : 0;
        step *= size;
    }
}

bool quell_next_place(const struct quell_shape *shape, size_t rank, size_t *place, size_t count,
                      const size_t (*stride)[QUELL_MAX_RANK], size_t *offset)
{
    for (size_t d = rank; d-- > 0;) {
        for (size_t i = 0; i < count; i++) offset[i] += stride[i][d];
        if (++place[d] < shape->size[d]) return true;
        for (size_t i = 0; i < count; i++) offset[i] -= stride[i][d] * shape->size[d];
        place[d] = 0;
    }
    return false;
}

const char *quell_shape_text(char text[QUELL_SHAPE_TEXT], const struct quell_shape *shape)
{
    size_t used = 0;
    for (size_t d = 0; d < shape->rank; d++)
        used += (size_t)snprintf(text + used, QUELL_SHAPE_TEXT - used, "%s%zu", d ? ", " : "[",
                                 shape->size[d]);
    snprintf(text + used, QUELL_SHAPE_TEXT - used, shape->rank ? "]" : "[]");
    return text;
}
