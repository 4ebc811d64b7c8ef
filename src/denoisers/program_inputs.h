/* SPDX-License-Identifier: MIT */
/* The inputs of a model's programs: x, the time, the class, and conditions. */
#ifndef QUELL_DENOISERS_PROGRAM_INPUTS_H
#define QUELL_DENOISERS_PROGRAM_INPUTS_H

#include "denoisers/conditions.h"
#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "programs/program.h"

/* Returns whether an input of that name is a condition. */
bool quell_program_is_condition(const char *name);

/* Checks the program 'denoise': the names and shapes of its inputs; that its result has the shape
 * of x, or twice the channels if the variance is learned; and that its input 'class' can have the
 * value that stands for no class. */
quell_status quell_program_check_denoiser(const struct quell_program *program, size_t classes,
                                          const struct quell_parametrization *terms);

/* Checks the inputs of the program 'decode': it must not have a time, and its conditions must be
 * among taken[count], those of 'denoise'. */
quell_status quell_program_check_decoder(const struct quell_program *program, size_t classes,
                                         const struct quell_taken *taken, size_t count);

/* Writes the conditions that a program takes, in the order of its inputs, with `none` NULL. Free
 * them with quell_taken_free. */
quell_status quell_program_taken(const struct quell_program *program, struct quell_taken **taken,
                                 size_t *count);

/* Writes the input 'class' for a label (-1 for none) in the form that the program expects: the
 * number of the class, or one-hot. */
void quell_program_write_class(const struct quell_value *input, const quell_denoiser *denoiser,
                               int32_t label, float *out);

/* Returns the number of rows of the table from which an instruction takes the row of the class's
 * number. If there are several tables, the least number counts; if there is none, the result is
 * SIZE_MAX. A table with as many rows as classes has none for "no class". */
size_t quell_program_class_rows(const struct quell_program *program);

#endif
