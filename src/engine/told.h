/* SPDX-License-Identifier: MIT */
/* What the samples of a run are told: their classes and conditions. */
#ifndef QUELL_ENGINE_TOLD_H
#define QUELL_ENGINE_TOLD_H

#include <quell/run.h>
#include "denoisers/conditions.h"

/* Checks the classes of a draw. */
quell_status quell_told_classes(const quell_denoiser *denoiser, const quell_draw *draw);

/* Finds the values of each condition of the denoiser in the draw, and what the denoiser is guided
 * against, and checks them. */
quell_status quell_told_find(const quell_denoiser *denoiser, const quell_draw *draw,
                             struct quell_told *told, struct quell_told *against);

/* Sets *vain to 1 if guidance changes none of these samples, else to 0; without samples to 1.
 * Exported for quell_mpi, whose ranks ask it together: not part of the public interface. */
QUELL_API quell_status quell_told_in_vain(const quell_sampler *sampler, const quell_draw *draw,
                                          int *vain);

/* Checks all that a draw tells the denoiser. */
quell_status quell_told_check(const quell_denoiser *denoiser, const quell_draw *draw);

#endif
