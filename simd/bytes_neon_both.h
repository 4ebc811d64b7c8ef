/* SPDX-License-Identifier: MIT */
/* The verbs that bytes_neon.h and bytes_neondot.h share. */
#include "vec_neon.h"

typedef signed char byte_element;
typedef int32x4_t ba;

VERB void b_put(byte_element *to, vi q)
{
    int16x4_t half = vmovn_s32(vreinterpretq_s32_u32(q));
    int8x8_t bytes = vmovn_s16(vcombine_s16(half, half));
    __builtin_memcpy(to, &bytes, LANES);
}
VERB void b_put_signed(signed char *to, vi q) { b_put(to, q); }
VERB ba b_none(void) { return vdupq_n_s32(0); }
VERB int32_t b_four(const byte_element *a)
{
    int32_t four;
    __builtin_memcpy(&four, a, sizeof four);
    return four;
}
