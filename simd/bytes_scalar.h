/* SPDX-License-Identifier: MIT */
/* The verbs of bytes.inl in plain C. */
#include "vec_scalar.h"

#define BYTES_NAME scalar
#define BYTE_ROWS 4
#define BYTE_UNITS 4
#define BYTE_PARTS 1
#define BYTE_ZERO 0

typedef signed char byte_element;
typedef int32_t ba;
typedef const byte_element *bl;
typedef const signed char *br;

VERB void b_put(byte_element *to, vi q) { *to = (byte_element)(int32_t)q; }
VERB void b_put_signed(signed char *to, vi q) { *to = (signed char)(int32_t)q; }
VERB ba b_none(void) { return 0; }
VERB bl b_left(const byte_element *a) { return a; }
VERB br b_right(const signed char *b) { return b; }
VERB ba b_dot(ba sum, bl a, br b)
{
    return sum + a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}
VERB vi b_whole(ba first, ba last, vi of_weights)
{
    (void)last, (void)of_weights;
    return (vi)first;
}
