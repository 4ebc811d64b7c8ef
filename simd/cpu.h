/* SPDX-License-Identifier: MIT */
#ifndef QUELL_SIMD_CPU_H
#define QUELL_SIMD_CPU_H

/* Features that the processor has and whose registers the operating system saves. */
#define QUELL_CPU_AVX2 1u   /* AVX2 and FMA */
#define QUELL_CPU_AVX512 2u /* AVX-512 F, DQ, BW and VL */
#define QUELL_CPU_NEON 4u   /* Advanced SIMD, part of every aarch64 */

unsigned quell_cpu_features(void);

#endif
