/* SPDX-License-Identifier: MIT */
/* What the tests of quell_quantize draw, and how far samples are from others. */
#ifndef QUELL_TESTS_QUANTIZING_H
#define QUELL_TESTS_QUANTIZING_H

#include <quell/quell.h>

enum { COUNT = 12, DIM = 2, STEPS = 6 };

/* Samples of classes in turn, with a guidance of 2, in six steps of Heun's method. */
struct settings {
    int32_t classes[COUNT];
    quell_guidance guidance;
    quell_sampler_options sampling;
    quell_draw draw;
    quell_run run;
    quell_quantize_options options;
};

void settings_of(struct settings *s);

/* Draws x[COUNT * DIM] by a model, whose guide is another one or, if guide is NULL, itself. */
void draw_as(const char *name, const char *precision, const quell_denoiser *guide,
             const struct settings *s, float *x);
void draw(const char *name, const struct settings *s, float *x);

/* How far y is from x, in units of the deviation of x. */
double distance(const float *x, const float *y);

#endif
