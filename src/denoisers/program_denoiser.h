/* SPDX-License-Identifier: MIT */
/* A program (docs/programs.md) as a denoiser. */
#ifndef QUELL_DENOISERS_PROGRAM_DENOISER_H
#define QUELL_DENOISERS_PROGRAM_DENOISER_H

#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "programs/program.h"

/* Creates a denoiser. It takes over the program, which is then empty, also after a failure, and the
 * table of the parametrization's time, unless it fails. The program maps x, of the shape of the
 * result, with `time` and, where there are classes, `class`. QUELL_BAD_MODEL if it is no such
 * program. */
quell_status quell_denoiser_program(quell_denoiser **denoiser, struct quell_program *program,
                                    size_t classes, struct quell_parametrization *parametrization);

/* Checks the inputs of a program: their names and shapes, and that each is read. `denoises`: it is
 * the program 'denoise', which has the time, and reads the class where there are classes. */
quell_status quell_program_check_inputs(const struct quell_program *program, size_t classes,
                                        bool denoises);

/* The program of a denoiser that is one; NULL for others. */
const struct quell_program *quell_denoiser_is_program(const quell_denoiser *denoiser);

#endif
