/* SPDX-License-Identifier: MIT */
/* The tables of this build, and which of them this machine can run. To add an instruction set,
 * write a vec_*.h header, an entry in meson.build, and a row here. */
#include "cpu.h"
#include "kernels.h"

extern const struct quell_kernels quell_kernels_scalar;
#if defined(__x86_64__)
extern const struct quell_kernels quell_kernels_avx2, quell_kernels_avx512;
#elif defined(__aarch64__)
extern const struct quell_kernels quell_kernels_neon;
#endif

static const struct {
    const struct quell_kernels *kernels;
    unsigned needs;
} tables[] = {
    {&quell_kernels_scalar, 0},
#if defined(__x86_64__)
    {&quell_kernels_avx2, QUELL_CPU_AVX2},
    {&quell_kernels_avx512, QUELL_CPU_AVX512},
#elif defined(__aarch64__)
    {&quell_kernels_neon, QUELL_CPU_NEON},
#endif
};

#define TABLES (sizeof tables / sizeof *tables)

const struct quell_kernels *quell_kernels_at(size_t i)
{
    return i < TABLES ? tables[i].kernels : NULL;
}

int quell_kernels_available(const struct quell_kernels *kernels)
{
    for (size_t i = 0; i < TABLES; i++)
        if (tables[i].kernels == kernels)
            return (quell_cpu_features() & tables[i].needs) == tables[i].needs;
    return 0;
}

const struct quell_kernels *quell_kernels_widest(void)
{
    size_t i = TABLES - 1; /* the first table runs everywhere */
    while (!quell_kernels_available(tables[i].kernels)) i--;
    return tables[i].kernels;
}
