/* SPDX-License-Identifier: MIT */
/* Radix sort, eight bits at a time from the lowest. The bits of floats, read as whole numbers, are
 * in the order of the floats once the sign bit is inverted and, for a negative number, all other
 * bits as well. After four passes, an even number, the sorted numbers are in the original array. */
#include "distance/sort.h"

#include <stdint.h>
#include <string.h>

static uint32_t key(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (bits >> 31 ? UINT32_MAX : (uint32_t)1 << 31);
}

static void pass(float *to, const float *from, size_t count, int shift)
{
    size_t places[257] = {0}; /* where the next number of a digit goes */
    for (size_t i = 0; i < count; i++) places[(key(from[i]) >> shift & 255) + 1]++;
    for (size_t digit = 1; digit < 256; digit++) places[digit] += places[digit - 1];
    for (size_t i = 0; i < count; i++) to[places[key(from[i]) >> shift & 255]++] = from[i];
}

void quell_sort_floats(float *values, float *spare, size_t count)
{
    for (int shift = 0; shift < 32; shift += 16) {
        pass(spare, values, count, shift);
        pass(values, spare, count, shift + 8);
    }
}
