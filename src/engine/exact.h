/* SPDX-License-Identifier: MIT */
/* Draws exact samples from a denoiser whose law is known, so that a sampler's samples can be
 * compared with them. */
#ifndef QUELL_ENGINE_EXACT_H
#define QUELL_ENGINE_EXACT_H

#include <quell/run.h>

/* Writes x[count][dim] = alpha X + sigma Z, where X is drawn from the denoiser's law and Z is
 * standard normal. It uses `seed`, `first` and `count` of the draw, and `threads` and `isa` of the
 * run; the samples have the same bits in every run. The noise comes from the streams 0, 1 and 2 of
 * the seed, so the seed should differ from the sampler's. Returns QUELL_UNSUPPORTED if the law is
 * not known. */
quell_status quell_exact(const quell_denoiser *denoiser, const quell_draw *what,
                         const quell_run *run, double alpha, double sigma, float *x);

#endif
