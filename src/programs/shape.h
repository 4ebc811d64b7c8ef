/* SPDX-License-Identifier: MIT */
/* The shape of a value: its sizes, each at least 1. The last dimension is contiguous. */
#ifndef QUELL_PROGRAMS_SHAPE_H
#define QUELL_PROGRAMS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/model.h>

/* The greatest number of elements of a value. */
#define QUELL_MOST_VALUES ((size_t)1 << 31)

struct quell_shape {
    size_t rank, size[QUELL_MAX_RANK];
};

/* Return the number of elements over the dimensions from `from` up to, but not including, `to`, and
 * over all dimensions. */
size_t quell_elements_of(const struct quell_shape *shape, size_t from, size_t to);
size_t quell_elements(const struct quell_shape *shape);

/* Returns whether all sizes are at least 1 and there are at most QUELL_MOST_VALUES elements. */
bool quell_shape_fits(const struct quell_shape *shape);

bool quell_same_shape(const struct quell_shape *a, const struct quell_shape *b);

/* Sets *a to the shape that a and b broadcast to. Returns false if they do not broadcast. */
bool quell_broadcast(struct quell_shape *a, const struct quell_shape *b);
bool quell_broadcasts_to(const struct quell_shape *from, const struct quell_shape *to);

/* Sets stride[to->rank] to the distances of the elements of `from` along each dimension of `to`, a
 * shape that `from` broadcasts to; 0 along dimensions in which it is repeated. */
void quell_strides(const struct quell_shape *from, const struct quell_shape *to, size_t *stride);

/* Advances `place` to the next one in the first `rank` dimensions of a shape, the last one fastest,
 * and moves the `count` offsets by their strides. After the last place it returns false, and
 * `place` and the offsets are back at the first place. */
bool quell_next_place(const struct quell_shape *shape, size_t rank, size_t *place, size_t count,
                      const size_t (*stride)[QUELL_MAX_RANK], size_t *offset);

/* Writes a shape as "[2, 3]". */
#define QUELL_SHAPE_TEXT 128
const char *quell_shape_text(char text[QUELL_SHAPE_TEXT], const struct quell_shape *shape);

#endif
