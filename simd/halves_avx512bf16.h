/* SPDX-License-Identifier: MIT */
/* The verbs of halves.inl on AVX-512 with products of bfloat16 numbers. Its instruction adds the
 * product of the upper halves and then that of the lower ones, each as a fused multiply-add, but
 * treats subnormal numbers as zeros. No sum is subnormal, because left sides and weights have no
 * number below 2^-56 (halves_dispatch.c). */
#include "vec_avx512.h"

#include "bytes.h"
#include "halves_round.h"

#define BYTES_NAME avx512bf16
#define BYTE_ROWS 12
#define BYTE_UNITS 2
#define BYTE_PARTS 1
#define BYTE_ZERO 0

typedef uint16_t byte_element;
/* This type is used because __m512 may alias everything, so that gcc would keep sums of that type
 * in memory. */
typedef float ba __attribute__((vector_size(64)));
typedef __m512i bl, br;

VERB void h_put(byte_element *to, vf x)
{
    __m256i halves = _mm512_cvtepi32_epi16(v_ishr(h_upper(x), 16));
    _mm256_storeu_si256((__m256i *)(void *)to, halves);
}
VERB ba b_none(void) { return (ba)_mm512_setzero_ps(); }
VERB bl b_left(const byte_element *a)
{
    int two;
    __builtin_memcpy(&two, a, sizeof two);
    return _mm512_set1_epi32(two);
}
VERB br b_right(const signed char *b) { return _mm512_loadu_si512(b); }
VERB ba b_dot(ba sum, bl a, br b)
{
    return (ba)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
VERB vf h_sum(ba sum) { return (vf)sum; }
