/* SPDX-License-Identifier: MIT */
/* The tables of kernels for bytes. Kernels for floats use the last table for their instruction set
 * that the machine can run. */
#include "bytes.h"
#include "cpu.h"

#include <string.h>

extern const struct quell_byte_kernels quell_bytes_scalar;
#if defined(__x86_64__)
extern const struct quell_byte_kernels quell_bytes_avx2, quell_bytes_avx512, quell_bytes_avx512vnni;
#elif defined(__aarch64__)
extern const struct quell_byte_kernels quell_bytes_neon, quell_bytes_neondot;
#endif

static const struct {
    const struct quell_byte_kernels *bytes;
    const char *isa; /* the instruction set of the kernels for floats that use this table */
    unsigned needs;
} tables[] = {
    {&quell_bytes_scalar, "scalar", 0},
#if defined(__x86_64__)
    {&quell_bytes_avx2, "avx2", QUELL_CPU_AVX2},
    {&quell_bytes_avx512, "avx512", QUELL_CPU_AVX512},
    {&quell_bytes_avx512vnni, "avx512", QUELL_CPU_AVX512 | QUELL_CPU_VNNI},
#elif defined(__aarch64__)
    {&quell_bytes_neon, "neon", QUELL_CPU_NEON},
    {&quell_bytes_neondot, "neon", QUELL_CPU_NEON | QUELL_CPU_DOT},
#endif
};

#define TABLES (sizeof tables / sizeof *tables)

const struct quell_byte_kernels *quell_byte_kernels_at(size_t i)
{
    return i < TABLES ? tables[i].bytes : NULL;
}

static int is_available(size_t i)
{
    return (quell_cpu_features() & tables[i].needs) == tables[i].needs;
}

int quell_byte_kernels_available(const struct quell_byte_kernels *bytes)
{
    for (size_t i = 0; i < TABLES; i++)
        if (tables[i].bytes == bytes) return is_available(i);
    return 0;
}

const struct quell_byte_kernels *quell_byte_kernels_for(const struct quell_kernels *kernels)
{
    size_t found = 0;
    for (size_t i = 0; i < TABLES; i++)
        if (!strcmp(tables[i].isa, kernels->isa) && is_available(i)) found = i;
    return tables[found].bytes;
}
