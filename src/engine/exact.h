/* SPDX-License-Identifier: MIT */
/* Exact samples of a denoiser whose law is known, to compare a sampler's samples with. */
#ifndef QUELL_ENGINE_EXACT_H
#define QUELL_ENGINE_EXACT_H

#include <quell/run.h>

/* x[count][dim] = alpha X + sigma Z, where X is drawn from the denoiser's law and Z is standard
 * normal. Of the draw it uses seed, first and count, and of the run threads and isa; samples have
 * the same bits in every run. The noise is that of the streams 0, 1 and 2 of the seed, so take
 * another seed than the sampler's. Returns QUELL_UNSUPPORTED if the law is not known. */
quell_status quell_exact(const quell_denoiser *denoiser, const quell_draw *what,
                         const quell_run *run, double alpha, double sigma, float *x);

#endif
