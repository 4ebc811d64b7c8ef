/* SPDX-License-Identifier: MIT */
/* A program (docs/programs.md) as a denoiser. */
#ifndef QUELL_DENOISERS_PROGRAM_DENOISER_H
#define QUELL_DENOISERS_PROGRAM_DENOISER_H

#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "denoisers/program_inputs.h"
#include "programs/program.h"

/* Creates a denoiser. It takes over the program, which is then empty, and taken[count], also after
 * a failure, and the table of the parametrization's time, unless it fails. The program maps x, of
 * the shape of the result, with `time`, conditions and, where there are classes, `class`.
 * QUELL_BAD_MODEL if it is no such program. */
quell_status quell_denoiser_program(quell_denoiser **denoiser, struct quell_program *program,
                                    size_t classes, struct quell_parametrization *parametrization,
                                    struct quell_taken *taken, size_t count);

/* The program of a denoiser that is one; NULL for others. */
const struct quell_program *quell_denoiser_is_program(const quell_denoiser *denoiser);

#endif
