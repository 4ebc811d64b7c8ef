/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on AVX-512 without VNNI, as on AVX2. */
#include "vec_avx512.h"

#define BYTES_NAME avx512
#define BYTE_ROWS 6
#define BYTE_UNITS 2
#define BYTE_PARTS 2
#define BYTE_ZERO 0

typedef int16_t byte_element;
/* This type is used because __m512i may alias everything, so that gcc would keep sums of that type
 * in memory. */
typedef int32_t ba __attribute__((vector_size(64)));
typedef __m512i bl, br;

VERB void b_put(byte_element *to, vi q)
{
    _mm256_storeu_si256((__m256i *)(void *)to, _mm512_cvtepi32_epi16(q));
}
VERB void b_put_signed(signed char *to, vi q)
{
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(q));
}
VERB ba b_none(void) { return (ba)_mm512_setzero_si512(); }
VERB bl b_left(const byte_element *a)
{
    return _mm512_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(const void *)a));
}
VERB br b_right(const signed char *b)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)b));
}
VERB ba b_dot(ba sum, bl a, br b)
{
    return (ba)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16(a, b));
}
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    (void)of_weights;
    return _mm512_add_epi32(_mm512_permutex2var_epi32((__m512i)first, even, (__m512i)last),
                            _mm512_permutex2var_epi32((__m512i)first, odd, (__m512i)last));
}
