/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on Advanced SIMD, by widening multiplications. A sum has two lanes for
 * each column. */
#include "bytes_neon_both.h"

#define BYTES_NAME neon
#define BYTE_ROWS 6
#define BYTE_UNITS 2
#define BYTE_PARTS 2
#define BYTE_ZERO 0

typedef int8x8_t bl, br;

VERB bl b_left(const byte_element *a) { return vreinterpret_s8_s32(vdup_n_s32(b_four(a))); }
VERB br b_right(const signed char *b) { return vld1_s8(b); }
VERB ba b_dot(ba sum, bl a, br b) { return vpadalq_s16(sum, vmull_s8(a, b)); }
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)of_weights;
    return vreinterpretq_u32_s32(vpaddq_s32(first, last));
}
