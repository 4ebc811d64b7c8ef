/* SPDX-License-Identifier: MIT */
/* Makes of samples what a reader wants to see, by a program of the model's file. */
#ifndef QUELL_ENGINE_DECODE_H
#define QUELL_ENGINE_DECODE_H

#include <quell/run.h>
#include "denoisers/denoiser.h"
#include "programs/program.h"

/* Runs a program on the samples x[count][dim] of a draw: out[count][elements of its output]. The
 * denoiser is that of the samples, whose classes and conditions the program may take too. */
quell_status quell_decode(const struct quell_program *program, const quell_denoiser *denoiser,
                          const quell_draw *draw, const quell_run *run, const float *x, float *out);

#endif
