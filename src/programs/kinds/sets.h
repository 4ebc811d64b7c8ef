/* SPDX-License-Identifier: MIT */
/* The sets of elements over which reduce, softmax and norm go: those of a shape that differ in some
 * dimensions only, in order. */
#ifndef QUELL_PROGRAMS_KINDS_SETS_H
#define QUELL_PROGRAMS_KINDS_SETS_H

#include "programs/kind.h"

/* kept: the dimensions by which sets differ; inner: those within a set; with the distances of their
 * elements. offset: where the present set begins. */
struct quell_sets {
    struct quell_shape kept, inner;
    size_t kept_stride[1][QUELL_MAX_RANK], inner_stride[1][QUELL_MAX_RANK];
    size_t place[QUELL_MAX_RANK], offset, count;
};

/* Sets over the dimensions of a list, which ascend. */
struct quell_sets quell_sets_over(const struct quell_shape *shape, size_t dims, const int64_t *dim);

/* Sets of consecutive channels, dimension 0, of which `groups` are made; the channel runs
 * fastest. */
struct quell_sets quell_sets_of_groups(const struct quell_shape *shape, size_t groups);

/* Copies the present set of x to set[count], and back. */
void quell_set_gather(const struct quell_sets *sets, const float *x, float *set);
void quell_set_scatter(const struct quell_sets *sets, const float *set, float *x);

/* Goes to the set of that number; to the next one, false after the last one. */
void quell_set_go(struct quell_sets *sets, size_t number);
bool quell_next_set(struct quell_sets *sets);

/* Whether the dimensions of a list follow one another: *first up to *second. */
bool quell_is_range(const struct quell_setting *dims, size_t *first, size_t *second);

#endif
