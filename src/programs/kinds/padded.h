/* SPDX-License-Identifier: MIT */
/* How a convolution with many output channels reads its input: in place, if every tap reads an
 * element of it, and else from a copy with zeros around it, with as many lines as stay in cache. */
#ifndef QUELL_PROGRAMS_KINDS_PADDED_H
#define QUELL_PROGRAMS_KINDS_PADDED_H

#include "programs/kinds/image.h"
#include "programs/kinds/window.h"

/* A line consists of all positions with one place along the first dimension. `direct` says that
 * nothing is copied. `span` has the sizes of the copy along the later dimensions, and `width` is
 * the number of its positions in a line. `most` is the number of lines of the result at a time,
 * with `positions` each. `channel` and `position` are the distances of two channels and of two
 * positions. `floats` is the size of the copy, in which the channels of a position are
 * consecutive. */
struct quell_padded {
    struct quell_window window;
    bool direct;
    size_t channels, span[QUELL_MOST_SPATIAL_DIMS], width, most, positions, channel, position,
        floats;
};

/* Returns false if the copy would be too large. The window is then read in another way. */
bool quell_padded_of(struct quell_padded *padded, const struct quell_window *window,
                     size_t channels);

/* Does the same for elements that are always copied. */
bool quell_padded_of_copies(struct quell_padded *padded, const struct quell_window *window,
                            size_t channels);

/* Returns where the element is that tap `tap` reads of channel c, counted from the element of the
 * first tap. */
size_t quell_padded_tap(const struct quell_padded *padded, size_t tap, size_t c);

/* Returns how many samples can be computed together, so that weights are read once for all of them:
 * more than one if a sample has few positions. */
size_t quell_padded_samples(const struct quell_padded *padded);

/* Does the same for copies of short numbers. */
size_t quell_padded_short_samples(const struct quell_padded *padded);

/* Sets row[count * positions] to the elements that the first tap reads for `count` lines of the
 * result. */
void quell_padded_rows(const struct quell_padded *padded, size_t count, size_t *row);

/* Goes along `count` lines of the result from `line` on, and puts the elements that their taps
 * read, position by position: zeros, or the positions of x from x[at] on, of all channels. `line`
 * selects a line of the input, and `at` then counts from its beginning; if `line` is NULL, `at`
 * counts from the beginning of x. */
struct quell_padded_put {
    void *user;
    void (*line)(void *user, size_t line);
    void (*zeros)(void *user, size_t positions);
    void (*row)(void *user, size_t at, size_t positions);
};
void quell_padded_walk(const struct quell_padded *padded, size_t line, size_t count,
                       const struct quell_padded_put *put);

/* Returns the input for `count` lines of the result from `line` on: a copy in `to`, or the input
 * itself if it is read directly. */
const float *quell_padded_copy(const struct quell_padded *padded,
                               const struct quell_kernels *kernels, const struct quell_image *image,
                               size_t line, size_t count, float *to);

#endif
