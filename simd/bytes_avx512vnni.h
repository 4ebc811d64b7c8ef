/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on AVX-512 with VNNI, whose instruction multiplies unsigned by signed
 * bytes, and adds without saturation: elements are stored with 128 added, and 128 times the sum of
 * the weights is subtracted in the end. */
#include "vec_avx512.h"

#define BYTES_NAME avx512vnni
#define BYTE_ROWS 12
#define BYTE_UNITS 2
#define BYTE_PARTS 1
#define BYTE_ZERO 128

typedef unsigned char byte_element;
/* This type is used because __m512i may alias everything, so that gcc would keep sums of that type
 * in memory. */
typedef int32_t ba __attribute__((vector_size(64)));
typedef __m512i bl, br;

VERB void b_put(byte_element *to, vi q)
{
    __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(q, _mm512_set1_epi32(BYTE_ZERO)));
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
}
VERB void b_put_signed(signed char *to, vi q)
{
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(q));
}
VERB ba b_none(void) { return (ba)_mm512_setzero_si512(); }
VERB bl b_left(const byte_element *a)
{
    int four;
    __builtin_memcpy(&four, a, sizeof four);
    return _mm512_set1_epi32(four);
}
VERB br b_right(const signed char *b) { return _mm512_loadu_si512(b); }
VERB ba b_dot(ba sum, bl a, br b) { return (ba)_mm512_dpbusd_epi32((__m512i)sum, a, b); }
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)last;
    return _mm512_sub_epi32((__m512i)first, _mm512_slli_epi32(of_weights, 7));
}
