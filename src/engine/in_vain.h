/* SPDX-License-Identifier: MIT */
/* Whether guidance changes none of some samples. It is exported for quell_mpi, whose ranks ask it
 * together, and is not part of the public interface. */
#ifndef QUELL_ENGINE_IN_VAIN_H
#define QUELL_ENGINE_IN_VAIN_H

#include <quell/run.h>

/* Sets *vain to 1 if guidance changes none of the samples of a draw, else to 0; without samples to
 * 1. Fails as quell_sample does for what they are told. */
QUELL_API quell_status quell_told_in_vain(const quell_sampler *sampler, const quell_draw *draw,
                                          int *vain);

#endif
