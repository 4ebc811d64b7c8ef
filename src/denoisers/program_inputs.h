/* SPDX-License-Identifier: MIT */
/* The inputs of a model's programs: x, the time, the class, and conditions. */
#ifndef QUELL_DENOISERS_PROGRAM_INPUTS_H
#define QUELL_DENOISERS_PROGRAM_INPUTS_H

#include "denoisers/conditions.h"
#include "denoisers/parametrization.h"
#include "programs/program.h"

/* Whether an input of that name is a condition. */
bool quell_program_is_condition(const char *name);

/* Checks the inputs of a program: their names and shapes, and that each is read. `denoises`: it is
 * the program 'denoise', which has the time, and reads the class where there are classes. */
quell_status quell_program_check_inputs(const struct quell_program *program, size_t classes,
                                        bool denoises);

/* The same of 'denoise', that its result has the shape of x, or twice the channels where the
 * variance is learned, and that what stands for no class is something that it can be told. */
quell_status quell_program_check_denoiser(const struct quell_program *program, size_t classes,
                                          const struct quell_parametrization *terms);

/* Writes the conditions that a program takes, in the order of its inputs, without a none. Free them
 * with quell_taken_free. */
quell_status quell_program_taken(const struct quell_program *program, struct quell_taken **taken,
                                 size_t *count);

/* The fewest rows of a table out of which an instruction takes that of the class's number: as many
 * as there are classes, and it has none for "no class". SIZE_MAX if there is no such table. */
size_t quell_program_class_rows(const struct quell_program *program);

#endif
