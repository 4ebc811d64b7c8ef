/* SPDX-License-Identifier: MIT */
/* The input x[channels][lines][...] of a convolution, stored as any value or with the lines of each
 * worker apart (divide.h). */
#ifndef QUELL_PROGRAMS_KINDS_IMAGE_H
#define QUELL_PROGRAMS_KINDS_IMAGE_H

#include "programs/divide.h"
#include "programs/kinds/window.h"

/* `line` and `channel` are the numbers of elements in a line and in a channel. If the lines lie
 * apart, `apart` is the instruction whose operand 0 this is; else it is NULL. */
struct quell_image {
    const float *x;
    size_t line, channel;
    const struct quell_execution *apart;
};

/* Returns operand 0 of an instruction, for one of its samples. */
struct quell_image quell_image_of(const struct quell_execution *at, size_t sample);

/* Returns where a line of the first channel begins, and sets the distance of the channels there. */
const float *quell_image_line(const struct quell_image *image, size_t line, size_t *channel);

/* Divides the result of a convolution by lines, unless its input is so small that it is better if
 * workers divide the weights. `any` says that the instruction reads its input by
 * quell_image_line. */
void quell_image_divide(struct quell_program *program, struct quell_instruction *now,
                        const struct quell_window *window, bool any);

#endif
