/* SPDX-License-Identifier: MIT */
#ifndef QUELL_SIMD_CPU_H
#define QUELL_SIMD_CPU_H

/* Features that the processor has and whose registers the operating system saves. */
#define QUELL_CPU_AVX2 1u   /* AVX2 and FMA */
#define QUELL_CPU_AVX512 2u /* AVX-512 F, DQ, BW and VL */
#define QUELL_CPU_NEON 4u   /* Advanced SIMD, part of every aarch64 */
#define QUELL_CPU_VNNI 8u   /* AVX-512 VNNI */
#define QUELL_CPU_DOT 16u   /* the dot product of Armv8.2 */
#define QUELL_CPU_BF16 32u  /* AVX-512 BF16 */

unsigned quell_cpu_features(void);

#endif
