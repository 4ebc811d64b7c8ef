/* SPDX-License-Identifier: MIT */
/* The tables of kernels for bfloat16 numbers. Kernels for floats use the last table for their
 * instruction set that is available.
 *
 * How a processor's own products are rounded is defined in its maker's manual, not in any standard.
 * So they are tried on numbers for which other ways of rounding give other results, and not used if
 * the results differ. */
#include "bytes.h"
#include "cpu.h"

#include <stdatomic.h>
#include <string.h>

extern const struct quell_byte_kernels quell_halves_scalar;
#if defined(__x86_64__)
extern const struct quell_byte_kernels quell_halves_avx2, quell_halves_avx512,
    quell_halves_avx512bf16;
#elif defined(__aarch64__)
extern const struct quell_byte_kernels quell_halves_neon;
#endif

static const struct {
    const struct quell_byte_kernels *halves;
    const char *isa; /* the instruction set of the kernels for floats that use this table */
    unsigned needs;
} tables[] = {
    {&quell_halves_scalar, "scalar", 0},
#if defined(__x86_64__)
    {&quell_halves_avx2, "avx2", QUELL_CPU_AVX2},
    {&quell_halves_avx512, "avx512", QUELL_CPU_AVX512},
    {&quell_halves_avx512bf16, "avx512", QUELL_CPU_AVX512 | QUELL_CPU_BF16},
#elif defined(__aarch64__)
    {&quell_halves_neon, "neon", QUELL_CPU_NEON},
#endif
};

#define TABLES (sizeof tables / sizeof *tables)

const struct quell_byte_kernels *quell_half_kernels_at(size_t i)
{
    return i < TABLES ? tables[i].halves : NULL;
}

/* Numbers whose sums show how often, in which order and how products are rounded: rows of eight
 * numbers, each of which is multiplied by each column of eight numbers. */
#define TRIED 8
static const float trials[TRIED][TRIED] = {
    {0x1p0f, 0x1p12f, -0x1.02p0f, 0x1p-13f, 0x1.fep1f, -0x1p12f, 0x1p-24f, 0x1.02p-1f},
    {0x1.fep24f, -0x1p24f, 0x1p0f, 0x1.02p0f, -0x1.fep24f, 0x1p24f, 0x1.8p-1f, 0x1p0f},
    {0x1p-56f, 0x1.02p-56f, -0x1p-56f, 0x1.fep-56f, -0x1.02p-55f, 0x1p-55f, 0x1.04p-56f, 0x1p-50f},
    {0x1.04p0f, 0x1.06p0f, 0x1.08p-9f, 0x1.0ap-10f, -0x1.0cp-17f, 0x1.0ep0f, 0x1.1p1f, 0x1.12p-24f},
    {0x1.fep60f, -0x1.fep60f, 0x1.fep36f, 0x1p36f, 0x1p37f, 0x1p13f, -0x1p36f, 0x1p0f},
    {-0x1p0f, 0x1p0f, 0x1p-24f, -0x1p-24f, 0x1p-25f, 0x1.8p-24f, -0x1p-12f, 0x1p-12f},
    {0x1.02p20f, 0x1.02p-4f, -0x1.02p20f, 0x1.02p-5f, 0x1.fep8f, 0x1.fep8f, 0x1.fep-16f, 0x1p-8f},
    {0x1.5p0f, 0x1.4ap0f, 0x1.56p1f, -0x1.54p1f, 0x1.aap-11f, 0x1.acp-12f, 0x1.aap-23f,
     0x1.54p-24f},
};

struct seen {
    float at[TRIED][TRIED];
};

static void see(void *user, const struct quell_dots_done *done)
{
    struct seen *seen = user;
    for (size_t r = 0; r < done->rows; r++)
        memcpy(seen->at[done->row + r], done->total + r * done->stride,
               done->columns * sizeof(float));
}

static void try_kernels(const struct quell_byte_kernels *halves, struct seen *seen)
{
    enum { GROUPS = TRIED / 2 };
    static const size_t left[GROUPS] = {0, 2, 4, 6};
    float a[TRIED * TRIED], panel[GROUPS * QUELL_PANEL + QUELL_PANEL_ENDS] = {0};
    for (size_t r = 0; r < TRIED; r++) {
        halves->quantise(TRIED, trials[r], 0, (char *)a + r * TRIED * halves->width);
        halves->pack_row(TRIED, trials[r], 0, (signed char *)(panel + r));
    }
    halves->dots(&(struct quell_byte_dots){.m = TRIED,
                                           .n = TRIED,
                                           .groups = GROUPS,
                                           .a = a,
                                           .a_row = TRIED,
                                           .left = left,
                                           .b = panel,
                                           .finish = see,
                                           .user = seen});
}

static int is_right(const struct quell_byte_kernels *halves)
{
    struct seen right, own;
    try_kernels(&quell_halves_scalar, &right);
    try_kernels(halves, &own);
    return !memcmp(&right, &own, sizeof right);
}

/* Returns whether a table is available. Tables that the machine can run are tried once. */
static int is_available(size_t i)
{
    static atomic_uint known[TABLES]; /* 0: not known; 1: not available; 2: available */
    if ((quell_cpu_features() & tables[i].needs) != tables[i].needs) return 0;
    if (!(tables[i].needs & QUELL_CPU_BF16)) return 1;
    unsigned found = atomic_load_explicit(&known[i], memory_order_relaxed);
    if (!found) {
        found = is_right(tables[i].halves) ? 2 : 1;
        atomic_store_explicit(&known[i], found, memory_order_relaxed);
    }
    return found == 2;
}

int quell_half_kernels_available(const struct quell_byte_kernels *halves)
{
    for (size_t i = 0; i < TABLES; i++)
        if (tables[i].halves == halves) return is_available(i);
    return 0;
}

const struct quell_byte_kernels *quell_half_kernels_for(const struct quell_kernels *kernels)
{
    size_t found = 0;
    for (size_t i = 0; i < TABLES; i++)
        if (!strcmp(tables[i].isa, kernels->isa) && is_available(i)) found = i;
    return tables[found].halves;
}
