/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl on Advanced SIMD with the dot product of Armv8.2. */
#include "bytes_neon_both.h"

#define BYTES_NAME neondot
#define BYTE_ROWS 6
#define BYTE_UNITS 4
#define BYTE_PARTS 1
#define BYTE_ZERO 0

typedef int8x16_t bl, br;

VERB bl b_left(const byte_element *a) { return vreinterpretq_s8_s32(vdupq_n_s32(b_four(a))); }
VERB br b_right(const signed char *b) { return vld1q_s8(b); }
VERB ba b_dot(ba sum, bl a, br b) { return vdotq_s32(sum, a, b); }
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)last, (void)of_weights;
    return vreinterpretq_u32_s32(first);
}
