/* SPDX-License-Identifier: MIT */
#include "formula_weights.h"
#include "base/fail.h"

#include <math.h>

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

static quell_status read(void *user, const char *name, size_t rank, const size_t *shape, float *out)
{
    struct formula_weights *state = user;
    size_t count = shape[0], inputs = 1;
    for (size_t i = 1; i < rank; i++) count *= shape[i], inputs *= shape[i];
    if (!out) return QUELL_OK;
    if (++state->reads == state->fail) return quell_fail(QUELL_BAD_MODEL, "no %s", name);
    formula_fill(name, rank > 1 ? sqrt(3 / (double)inputs) : 0.5, count, out);
    return QUELL_OK;
}

struct quell_weights formula_weights(struct formula_weights *state)
{
    return (struct quell_weights){read, state};
}
