/* SPDX-License-Identifier: MIT */
/* The inputs of a model's programs: x, the time, the class, and conditions. */
#ifndef QUELL_DENOISERS_PROGRAM_INPUTS_H
#define QUELL_DENOISERS_PROGRAM_INPUTS_H

#include "denoisers/conditions.h"
#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "programs/program.h"

/* Whether an input of that name is a condition. */
bool quell_program_is_condition(const char *name);

/* Checks the inputs of the program 'denoise', their names and shapes; that its result has the shape
 * of x, or twice the channels where the variance is learned; and that what stands for no class is
 * something that it can be told. */
quell_status quell_program_check_denoiser(const struct quell_program *program, size_t classes,
                                          const struct quell_parametrization *terms);

/* Checks the inputs of the program 'decode': it has no time, and its conditions are taken[count],
 * those of 'denoise'. */
quell_status quell_program_check_decoder(const struct quell_program *program, size_t classes,
                                         const struct quell_taken *taken, size_t count);

/* Writes the conditions that a program takes, in the order of its inputs, without a none. Free them
 * with quell_taken_free. */
quell_status quell_program_taken(const struct quell_program *program, struct quell_taken **taken,
                                 size_t *count);

/* Writes the input 'class' for a label, -1 for none, in the form that the program expects: the
 * number of the class, or a one at its index. */
void quell_program_write_class(const struct quell_value *input, const quell_denoiser *denoiser,
                               int32_t label, float *out);

/* The fewest rows of a table out of which an instruction takes that of the class's number: as many
 * as there are classes, and it has none for "no class". SIZE_MAX if there is no such table. */
size_t quell_program_class_rows(const struct quell_program *program);

#endif
