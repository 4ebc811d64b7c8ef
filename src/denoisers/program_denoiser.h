/* SPDX-License-Identifier: MIT */
/* A denoiser that runs a program (docs/programs.md). */
#ifndef QUELL_DENOISERS_PROGRAM_DENOISER_H
#define QUELL_DENOISERS_PROGRAM_DENOISER_H

#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "denoisers/program_inputs.h"
#include "programs/program.h"

/* Creates a denoiser. It takes over the program, which is then empty, and taken[count], both also
 * after a failure. It takes over the table of the parametrization's time only if it succeeds. The
 * program computes a result from an x of the same shape, `time`, conditions and, if there are
 * classes, `class`. Returns QUELL_BAD_MODEL for other programs. */
quell_status quell_denoiser_program(quell_denoiser **denoiser, struct quell_program *program,
                                    size_t classes, struct quell_parametrization *parametrization,
                                    struct quell_taken *taken, size_t count);

/* Returns the program of a denoiser that runs one, or NULL. */
const struct quell_program *quell_denoiser_is_program(const quell_denoiser *denoiser);

#endif
