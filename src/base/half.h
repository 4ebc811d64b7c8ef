/* SPDX-License-Identifier: MIT */
/* Numbers of sixteen bits, each of which float represents exactly. */
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

static inline uint32_t quell_bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* bfloat16: the upper half of a float. */
static inline float quell_from_bfloat(uint16_t b) { return quell_from_bits((uint32_t)b << 16); }

/* The nearest bfloat16 number, ties to even; a NaN stays one. */
static inline uint16_t quell_to_bfloat(float value)
{
    uint32_t bits = quell_bits_of(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* IEEE 754 binary16: 5 bits of exponent, 10 of mantissa. Read as a float's bits it is 2^112 too
 * small, subnormal numbers included; only the greatest exponent, for infinities and NaN, is
 * special. There is no branch, so that compilers turn loops over it into vectors. */
static inline float quell_from_half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, size = (uint32_t)(h & 0x7FFF) << 13;
    float finite = quell_from_bits(size) * 0x1p112f;
    uint32_t bits = quell_bits_of(finite);
    bits = size >= 0x7C00u << 13 ? size | 0x7F800000 : bits;
    return quell_from_bits(sign | bits);
}

#endif
