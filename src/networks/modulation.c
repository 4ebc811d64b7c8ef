/* SPDX-License-Identifier: MIT */
#include "networks/modulation.h"

#include <stdio.h>

quell_status quell_modulation_load(struct quell_modulation *modulation,
                                   const struct quell_weights *from, const char *block,
                                   size_t width, size_t channels)
{
    char name[128];
    snprintf(name, sizeof name, "%s.ada_zero.0", block);
    quell_status status = quell_linear_load(&modulation->first, from, name, width, width, true);
    snprintf(name, sizeof name, "%s.ada_zero.2", block);
    if (!status)
        status = quell_linear_load(&modulation->second, from, name, width, 3 * channels, true);
    for (size_t i = 0; !status && i < channels; i++) modulation->second.bias[i] += 1;
    return status;
}

void quell_modulation_free(struct quell_modulation *modulation)
{
    quell_linear_free(&modulation->first);
    quell_linear_free(&modulation->second);
}

void quell_modulation_digest(const struct quell_modulation *modulation, struct quell_digest *digest)
{
    quell_linear_digest(&modulation->first, digest);
    quell_linear_digest(&modulation->second, digest);
}

size_t quell_modulation_row(size_t channels) { return quell_linear_stride(3 * channels); }

void quell_modulation_apply(const struct quell_modulation *modulation,
                            const struct quell_kernels *kernels, size_t count, const float *e,
                            float *hidden, float *abc)
{
    const struct quell_linear *first = &modulation->first, *second = &modulation->second;
    size_t width = quell_linear_stride(first->out);
    quell_linear_activate(first, kernels, count, e, width, hidden, first->bias, false, QUELL_SILU);
    quell_linear_apply(second, kernels, count, hidden, width, abc, second->bias, false);
}
