/* SPDX-License-Identifier: MIT */
/* Finds out the processor's features; no other file does.
 *
 * A feature counts only if the operating system saves its registers too (XCR0). Otherwise the first
 * wide instruction would trap or, worse, lose its upper half at a context switch. */
#include "cpu.h"

#include <stdatomic.h>

#if defined(__x86_64__)
#include <cpuid.h>

#define XCR0_AVX 0x06u    /* XMM and YMM */
#define XCR0_AVX512 0xE6u /* and the masks, the upper halves, and the upper sixteen registers */

static unsigned read_xcr0(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static unsigned detect(void)
{
    unsigned a, b, c, d, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (!(c & bit_OSXSAVE) || !(c & bit_FMA)) return 0;
    unsigned xcr0 = read_xcr0();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if ((b & bit_AVX2) && (xcr0 & XCR0_AVX) == XCR0_AVX) features |= QUELL_CPU_AVX2;
    unsigned wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    if ((b & wide) == wide && (xcr0 & XCR0_AVX512) == XCR0_AVX512) features |= QUELL_CPU_AVX512;
    if ((features & QUELL_CPU_AVX512) && (c & bit_AVX512VNNI)) features |= QUELL_CPU_VNNI;
    if (!(features & QUELL_CPU_AVX512) || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return features;
    if (a & bit_AVX512BF16) features |= QUELL_CPU_BF16;
    return features;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

#define HAS_DOT (1ul << 20) /* HWCAP_ASIMDDP */

static unsigned detect(void)
{
    return QUELL_CPU_NEON | (getauxval(AT_HWCAP) & HAS_DOT ? QUELL_CPU_DOT : 0);
}

#else

static unsigned detect(void) { return 0; }

#endif

/* Reads the features once, because cpuid traps in a virtual machine, and takes microseconds. */
unsigned quell_cpu_features(void)
{
    static atomic_uint known; /* the features, with a bit that they are known */
    const unsigned asked = 1u << 31;
    unsigned features = atomic_load_explicit(&known, memory_order_relaxed);
    if (!features) {
        features = detect() | asked;
        atomic_store_explicit(&known, features, memory_order_relaxed);
    }
    return features & ~asked;
}
