/* SPDX-License-Identifier: MIT */
/* The classes and conditions of the samples in a run. */
#ifndef QUELL_ENGINE_TOLD_H
#define QUELL_ENGINE_TOLD_H

#include <quell/run.h>
#include "denoisers/conditions.h"

/* Checks the classes of a draw. */
quell_status quell_told_classes(const quell_denoiser *denoiser, const quell_draw *draw);

/* Finds the values of each condition of the denoiser in the draw, and the values that guidance
 * leads away from, and checks them. */
quell_status quell_told_find(const quell_denoiser *denoiser, const quell_draw *draw,
                             struct quell_told *told, struct quell_told *against);

/* Checks all classes and conditions in a draw. */
quell_status quell_told_check(const quell_denoiser *denoiser, const quell_draw *draw);

#endif
