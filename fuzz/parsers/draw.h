/* SPDX-License-Identifier: MIT */
/* Draws a few steps with what an input has made. */
#ifndef QUELL_FUZZ_DRAW_H
#define QUELL_FUZZ_DRAW_H

#include <quell/quell.h>

/* The same with a small denoiser and these specs, where "" is the default. */
void draw(const quell_denoiser *denoiser, const char *sampler, const char *schedule,
          const char *grid);

#endif
