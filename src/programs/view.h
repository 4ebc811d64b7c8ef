/* SPDX-License-Identifier: MIT */
/* Operands that are read in place, as parts of another value, and results that are written in place
 * into another value (view.c). */
#ifndef QUELL_PROGRAMS_VIEW_H
#define QUELL_PROGRAMS_VIEW_H

#include "programs/copy.h"

/* Sets the distances of the elements of x along the dimensions of the result of a permutation or a
 * slice, and the number of the first element. Returns false for other moves. */
bool quell_move_strides(const struct quell_program *program, const struct quell_instruction *now,
                        size_t *from, size_t *begin);

/* Sets the distances of an operand's elements, or the result's, along its dimensions. */
void quell_operand_strides(const struct quell_execution *at, size_t operand, size_t *stride);

#endif
