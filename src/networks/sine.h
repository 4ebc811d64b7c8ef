/* SPDX-License-Identifier: MIT */
/* The sine encoding of a number (azula.nn.layers.SineEncoding, 0.11.1): with frequencies
 * f_i = omega^(-i / (features / 2 - 1)),
 *
 *     (sin(x f_0), sin(x f_1), ..., cos(x f_0), cos(x f_1), ...) */
#ifndef QUELL_NETWORKS_SINE_H
#define QUELL_NETWORKS_SINE_H

#include <stddef.h>

/* frequency[features / 2] in fresh memory, or NULL; features is even. */
double *quell_sine_frequencies(size_t features, double omega);

/* out[features] */
void quell_sine_encode(const double *frequency, size_t features, double x, float *out);

#endif
