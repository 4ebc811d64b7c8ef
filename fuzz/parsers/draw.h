/* SPDX-License-Identifier: MIT */
/* A few steps of whatever an input has made. */
#ifndef QUELL_FUZZ_DRAW_H
#define QUELL_FUZZ_DRAW_H

#include <quell/quell.h>

/* With a small denoiser, and texts of which "" is the default. */
void draw(const quell_denoiser *denoiser, const char *sampler, const char *schedule,
          const char *grid);

#endif
