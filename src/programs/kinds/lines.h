/* SPDX-License-Identifier: MIT */
/* How a convolution reads its input: the lines of the input, in copies that are shifted by each tap
 * of the later dimensions, so that what any tap sees from the positions of the result, one after
 * the other, lies one after the other as well. Only some lines of the result are worked on at a
 * time, for which the copies stay in cache. */
#ifndef QUELL_PROGRAMS_KINDS_LINES_H
#define QUELL_PROGRAMS_KINDS_LINES_H

#include "programs/kinds/image.h"
#include "programs/kinds/window.h"

/* A line has the positions of the result with one place along the first dimension. width: the
 * length of a line. inner: the number of taps along the later dimensions. phases: the residues of
 * input lines modulo the stride that taps see. most: lines of the result at a time; line_copies: of
 * the input's, for them. plane: the distance of two copies, in floats. floats: all copies. */
struct quell_lines {
    struct quell_window window;
    size_t channels, width, inner, phases, most, line_copies, plane, floats;
};

/* Returns false if the copies would be too many; the window is then read in another way. */
bool quell_lines_of(struct quell_lines *lines, const struct quell_window *window, size_t channels);

/* Where the copy that tap `tap` sees of channel c begins, for the first line of the result. */
size_t quell_lines_offset(const struct quell_lines *lines, size_t tap, size_t c);

/* Copies from an input for `count` lines of the result from `line` on. */
void quell_lines_copy(const struct quell_lines *lines, const struct quell_image *image, size_t line,
                      size_t count, float *to);

#endif
