/* SPDX-License-Identifier: MIT */
/* The input x[channels][lines][...] of a convolution, in memory as any value or with the lines of
 * each worker apart (divide.h). */
#ifndef QUELL_PROGRAMS_KINDS_IMAGE_H
#define QUELL_PROGRAMS_KINDS_IMAGE_H

#include "programs/divide.h"
#include "programs/kinds/window.h"

/* line, channel: the elements of a line, and of a channel. apart: the instruction whose operand 0
 * it is, if the lines lie apart; or NULL. */
struct quell_image {
    const float *x;
    size_t line, channel;
    const struct quell_execution *apart;
};

/* Operand 0 of an instruction, of one of its samples. */
struct quell_image quell_image_of(const struct quell_execution *at, size_t sample);

/* Returns where a line of the first channel begins, and sets the distance of the channels there. */
const float *quell_image_line(const struct quell_image *image, size_t line, size_t *channel);

/* Divides the result of a convolution by lines, unless its input is so small that workers rather
 * share the weights. any: the instruction reads its input by quell_image_line. */
void quell_image_divide(struct quell_program *program, struct quell_instruction *now,
                        const struct quell_window *window, bool any);

#endif
