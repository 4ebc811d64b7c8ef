/* SPDX-License-Identifier: MIT */
/* The sets of elements that reduce, softmax and norm work on: the elements of a shape that differ
 * only in some dimensions, in order. */
#ifndef QUELL_PROGRAMS_KINDS_SETS_H
#define QUELL_PROGRAMS_KINDS_SETS_H

#include "programs/kind.h"

/* `kept` has the dimensions by which sets differ, and `inner` those within a set, with the
 * distances of their elements. `offset` is where the current set begins. */
struct quell_sets {
    struct quell_shape kept, inner;
    size_t kept_stride[1][QUELL_MAX_RANK], inner_stride[1][QUELL_MAX_RANK];
    size_t place[QUELL_MAX_RANK], offset, count;
};

/* Returns the sets over the dimensions of a list in ascending order. */
struct quell_sets quell_sets_over(const struct quell_shape *shape, size_t dims, const int64_t *dim);

/* Returns the sets of consecutive channels (dimension 0) that form `groups` groups; the channel
 * runs fastest. */
struct quell_sets quell_sets_of_groups(const struct quell_shape *shape, size_t groups);

/* Copies the current set of x to set[count], and back. */
void quell_set_gather(const struct quell_sets *sets, const float *x, float *set);
void quell_set_scatter(const struct quell_sets *sets, const float *set, float *x);

/* Go to the set with that number, and to the next one. The second function returns false after the
 * last one. */
void quell_set_go(struct quell_sets *sets, size_t number);
bool quell_next_set(struct quell_sets *sets);

/* Returns whether the dimensions of a list are consecutive: *first ... *second - 1. */
bool quell_is_range(const struct quell_setting *dims, size_t *first, size_t *second);

#endif
