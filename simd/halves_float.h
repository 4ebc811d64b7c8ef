/* SPDX-License-Identifier: MIT */
/* The verbs of halves.inl by fused multiply-adds of floats, over those of a vec_*.h header.
 * Elements of left sides are stored as floats, whose lower halves are 0. */
#ifndef QUELL_HALVES_FLOAT_H
#define QUELL_HALVES_FLOAT_H

#define BYTE_PARTS 1
#define BYTE_ZERO 0

typedef float byte_element;
typedef vf ba;
typedef struct pair_of_halves {
    vf lower, upper;
} bl, br;

VERB void h_put(byte_element *to, vf x) { v_store(to, v_from_bits(h_upper(x))); }
VERB ba b_none(void) { return v_set1(0); }
VERB bl b_left(const byte_element *a) { return (bl){v_set1(a[0]), v_set1(a[1])}; }
VERB br b_right(const signed char *b)
{
    vi words = v_iload((const uint32_t *)(const void *)b);
    return (br){v_from_bits(v_ishl(words, 16)), v_from_bits(v_iand(words, v_iset1(0xFFFF0000u)))};
}
VERB ba b_dot(ba sum, bl a, br b) { return v_fma(a.lower, b.lower, v_fma(a.upper, b.upper, sum)); }
VERB vf h_sum(ba sum) { return sum; }

#endif
