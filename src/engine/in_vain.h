/* SPDX-License-Identifier: MIT */
/* Finds out whether guidance changes none of the samples of a draw. The function is exported for
 * quell_mpi, whose ranks call it together, and is not part of the public interface. */
#ifndef QUELL_ENGINE_IN_VAIN_H
#define QUELL_ENGINE_IN_VAIN_H

#include <quell/run.h>

/* Sets *vain to 1 if guidance changes none of the samples of a draw, or if there are none, and else
 * to 0. Fails as quell_sample does if the classes or conditions of the draw are not valid. */
QUELL_API quell_status quell_told_in_vain(const quell_sampler *sampler, const quell_draw *draw,
                                          int *vain);

#endif
