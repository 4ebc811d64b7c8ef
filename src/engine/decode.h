/* SPDX-License-Identifier: MIT */
/* Decodes samples: turns them into what a user wants to see, such as images, by a program that the
 * model's file contains. */
#ifndef QUELL_ENGINE_DECODE_H
#define QUELL_ENGINE_DECODE_H

#include <quell/run.h>
#include "denoisers/denoiser.h"
#include "programs/program.h"

/* Runs a program on the samples x[count][dim] of a draw, and writes out[count][elements of the
 * program's output]. `denoiser` is the one that made the samples; the program may take the same
 * classes and conditions. */
quell_status quell_decode(const struct quell_program *program, const quell_denoiser *denoiser,
                          const quell_draw *draw, const quell_run *run, const float *x, float *out);

#endif
