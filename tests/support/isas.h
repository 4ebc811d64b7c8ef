/* SPDX-License-Identifier: MIT */
/* Every table of kernels that this machine can run, the scalar one first:
 *
 *     for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) ... */
#ifndef QUELL_TESTS_ISAS_H
#define QUELL_TESTS_ISAS_H

#include "simd/kernels.h"

static inline const struct quell_kernels *isa_after(const struct quell_kernels *last)
{
    const struct quell_kernels *kernels;
    size_t i = 0;
    while (last && quell_kernels_at(i++) != last) continue;
    while ((kernels = quell_kernels_at(i)) && !quell_kernels_available(kernels)) i++;
    return kernels;
}

#endif
