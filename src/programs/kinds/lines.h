/* SPDX-License-Identifier: MIT */
/* How a convolution reads its input: the lines of the input, in copies that are shifted by each tap
 * of the later dimensions, so that the elements which any tap reads for consecutive positions of
 * the result are consecutive as well. Only some lines of the result are computed at a time, so that
 * their copies stay in cache. */
#ifndef QUELL_PROGRAMS_KINDS_LINES_H
#define QUELL_PROGRAMS_KINDS_LINES_H

#include "programs/kinds/image.h"
#include "programs/kinds/window.h"

/* A line consists of the positions of the result with one place along the first dimension. */
struct quell_lines {
    struct quell_window window;
    /* `width` is the length of a line. `inner` is the number of taps along the later dimensions.
     * `phases` counts the residues of input lines modulo the stride that taps read. `most` is the
     * number of lines of the result at a time, and `line_copies` that of the input's lines for
     * them. `plane` is the distance of two copies, in floats, and `floats` the size of all
     * copies. */
    size_t channels, width, inner, phases, most, line_copies, plane, floats;
};

/* Returns false if there would be too many copies. The window is then read in another way. */
bool quell_lines_of(struct quell_lines *lines, const struct quell_window *window, size_t channels);

/* Returns where the copy that tap `tap` reads of channel c begins, for the first line of the
 * result. */
size_t quell_lines_offset(const struct quell_lines *lines, size_t tap, size_t c);

/* Copies an input for `count` lines of the result from `line` on. */
void quell_lines_copy(const struct quell_lines *lines, const struct quell_image *image, size_t line,
                      size_t count, float *to);

#endif
