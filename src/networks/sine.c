/* SPDX-License-Identifier: MIT */
#include "networks/sine.h"
#include "base/maths.h"
#include "base/memory.h"

double *quell_sine_frequencies(size_t features, double omega)
{
    size_t half = features / 2;
    double *frequency = quell_new(half, sizeof *frequency);
    for (size_t i = 0; frequency && i < half; i++)
        frequency[i] = i ? quell_exp(-quell_log(omega) * (double)i / (double)(half - 1)) : 1;
    return frequency;
}

void quell_sine_encode(const double *frequency, size_t features, double x, float *out)
{
    size_t half = features / 2;
    for (size_t i = 0; i < half; i++) {
        out[i] = (float)quell_sin(x * frequency[i]);
        out[half + i] = (float)quell_cos(x * frequency[i]);
    }
}
