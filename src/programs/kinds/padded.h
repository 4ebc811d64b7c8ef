/* SPDX-License-Identifier: MIT */
/* How a convolution with many output channels reads its input: where it lies, if every tap sees an
 * element of it, and else in a copy with zeros around, of as many lines as stay in cache. */
#ifndef QUELL_PROGRAMS_KINDS_PADDED_H
#define QUELL_PROGRAMS_KINDS_PADDED_H

#include "programs/kinds/image.h"
#include "programs/kinds/window.h"

/* A line has all positions with one place along the first dimension. direct: nothing is copied.
 * span: the sizes of the copy along the later dimensions; width: its positions in a line. most:
 * lines of the result at a time, of `positions` each; channel, position: the distances of two
 * channels and of two positions; floats: the copy, in which the channels of a position follow one
 * another. */
struct quell_padded {
    struct quell_window window;
    bool direct;
    size_t channels, span[QUELL_MOST_SPATIAL_DIMS], width, most, positions, channel, position,
        floats;
};

/* Returns false if the copy would be too large; the window is then read in another way. */
bool quell_padded_of(struct quell_padded *padded, const struct quell_window *window,
                     size_t channels);

/* The same for elements that are always copied. */
bool quell_padded_of_copies(struct quell_padded *padded, const struct quell_window *window,
                            size_t channels);

/* Where the element lies that tap `tap` sees of channel c, counted from that of the first tap. */
size_t quell_padded_tap(const struct quell_padded *padded, size_t tap, size_t c);

/* How many samples can be computed together, so that weights are read once for all of them: more
 * than one if a sample has few positions. */
size_t quell_padded_samples(const struct quell_padded *padded);

/* The same for copies of short numbers. */
size_t quell_padded_short_samples(const struct quell_padded *padded);

/* Sets row[count * positions] to what the first tap sees from `count` lines of the result. */
void quell_padded_rows(const struct quell_padded *padded, size_t count, size_t *row);

/* Goes along `count` lines of the result from `line` on, and puts what their taps see, position by
 * position: zeros, or the positions of x from x[at] on, of all channels. line: takes the line of
 * the input from whose beginning `at` counts from then on; NULL: it counts from that of x. */
struct quell_padded_put {
    void *user;
    void (*line)(void *user, size_t line);
    void (*zeros)(void *user, size_t positions);
    void (*row)(void *user, size_t at, size_t positions);
};
void quell_padded_walk(const struct quell_padded *padded, size_t line, size_t count,
                       const struct quell_padded_put *put);

/* Returns an input as `count` lines of the result from `line` on see it; copied to `to`, unless it
 * is read directly. */
const float *quell_padded_copy(const struct quell_padded *padded,
                               const struct quell_kernels *kernels, const struct quell_image *image,
                               size_t line, size_t count, float *to);

#endif
