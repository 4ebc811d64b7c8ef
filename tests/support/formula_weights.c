/* SPDX-License-Identifier: MIT */
#include "formula_weights.h"

#include <stdint.h>

void formula_fill(const char *name, double scale, size_t count, float *out)
{
    uint32_t seed = 2166136261u;
    for (; *name; name++) seed = (seed ^ (unsigned char)*name) * 16777619u;
    for (size_t i = 0; i < count; i++) {
        uint32_t x = (uint32_t)i * 2654435761u + seed;
        x ^= x >> 16;
        x *= 0x7feb352du;
        x ^= x >> 15;
        x *= 0x846ca68bu;
        x ^= x >> 16;
        out[i] = (float)(scale * ((double)(x >> 8) * 0x1p-23 - 1));
    }
}
