/* SPDX-License-Identifier: MIT */
/* Numbers of sixteen bits, which float has exactly. */
#ifndef QUELL_BASE_HALF_H
#define QUELL_BASE_HALF_H

#include <stdint.h>
#include <string.h>

static inline float quell_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bfloat16: the upper half of a float. */
static inline float quell_from_bfloat(uint16_t b) { return quell_from_bits((uint32_t)b << 16); }

/* IEEE 754 binary16: 5 bits of exponent, 10 of mantissa. Below 2^-14 a unit is 2^-24. */
static inline float quell_from_half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
    if (exponent == 31) return quell_from_bits(sign | 0x7F800000 | mantissa << 13);
    if (exponent) return quell_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    float small = (float)mantissa * 0x1p-24f;
    return sign ? -small : small;
}

#endif
