/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on AVX2, by pairs of 16-bit numbers, because their products are added
 * exactly, whereas those of pairs of bytes (vpmaddubsw) are not. A sum has two lanes for each
 * column. */
#include "vec_avx2.h"

#define BYTES_NAME avx2
#define BYTE_ROWS 6
#define BYTE_UNITS 1
#define BYTE_PARTS 2
#define BYTE_ZERO 0

typedef int16_t byte_element;
/* This type is used because __m256i may alias everything, so that gcc would keep sums of that type
 * in memory. */
typedef int32_t ba __attribute__((vector_size(32)));
typedef __m256i bl, br;

VERB void b_put(byte_element *to, vi q)
{
    __m128i low = _mm256_castsi256_si128(q), high = _mm256_extracti128_si256(q, 1);
    _mm_storeu_si128((__m128i *)(void *)to, _mm_packs_epi32(low, high));
}
VERB void b_put_signed(signed char *to, vi q)
{
    __m128i low = _mm256_castsi256_si128(q), high = _mm256_extracti128_si256(q, 1);
    __m128i half = _mm_packs_epi32(low, high);
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(half, half));
}
VERB ba b_none(void) { return (ba)_mm256_setzero_si256(); }
VERB bl b_left(const byte_element *a)
{
    return _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(const void *)a));
}
VERB br b_right(const signed char *b)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)b));
}
VERB ba b_dot(ba sum, bl a, br b)
{
    return (ba)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16(a, b));
}
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)of_weights;
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32((__m256i)first, (__m256i)last), 0xD8);
}
