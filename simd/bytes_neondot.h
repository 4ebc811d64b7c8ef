/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on Advanced SIMD with the dot product of Armv8.2. */
#include "vec_neon.h"

#define BYTES_NAME neondot
#define BYTE_ROWS 6
#define BYTE_UNITS 4
#define BYTE_PARTS 1
#define BYTE_ZERO 0

typedef signed char byte_element;
typedef int32x4_t ba;
typedef int8x16_t bl, br;

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
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}
VERB br b_right(const signed char *b) { return vld1q_s8(b); }
VERB ba b_dot(ba sum, bl a, br b) { return vdotq_s32(sum, a, b); }
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)last, (void)of_weights;
    return vreinterpretq_u32_s32(first);
}
