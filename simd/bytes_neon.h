/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on Advanced SIMD, by widening multiplications. A sum has two lanes to a
 * column. */
#include "vec_neon.h"

#define BYTES_NAME neon
#define BYTE_ROWS 6
#define BYTE_UNITS 2
#define BYTE_PARTS 2
#define BYTE_ZERO 0

typedef signed char byte_element;
typedef int32x4_t ba;
typedef int8x8_t bl, br;

VERB void b_put(byte_element *to, vi q)
{
    int16x4_t half = vmovn_s32(vreinterpretq_s32_u32(q));
    int8x8_t bytes = vmovn_s16(vcombine_s16(half, half));
    __builtin_memcpy(to, &bytes, LANES);
}
VERB ba b_none(void) { return vdupq_n_s32(0); }
VERB bl b_left(const byte_element *a)
{
    int32_t four;
    __builtin_memcpy(&four, a, sizeof four);
    return vreinterpret_s8_s32(vdup_n_s32(four));
}
VERB br b_right(const signed char *b) { return vld1_s8(b); }
VERB ba b_dot(ba sum, bl a, br b) { return vpadalq_s16(sum, vmull_s8(a, b)); }
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)of_weights;
    return vreinterpretq_u32_s32(vpaddq_s32(first, last));
}
