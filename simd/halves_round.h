/* SPDX-License-Identifier: MIT */
/* Rounding to bfloat16 (bytes.h), over the verbs of a vec_*.h header. */
#ifndef QUELL_HALVES_ROUND_H
#define QUELL_HALVES_ROUND_H

/* Returns the rounded numbers as the upper halves of words; the lower halves are 0. */
VERB vi h_upper(vf x)
{
    vi bits = v_bits(x), size = v_iand(bits, v_iset1(0x7FFFFFFF));
    vi last = v_iand(v_ishr(bits, 16), v_iset1(1));
    vi rounded = v_iadd(v_iadd(bits, v_iset1(0x7FFF)), last);
    rounded = v_iselect(v_iless(size, v_iset1(QUELL_LEAST_HALF)), v_iset1(0), rounded);
    rounded = v_iselect(v_iless(v_iset1(0x7F800000), size), v_iset1(0x7FC00000), rounded);
    return v_iand(rounded, v_iset1(0xFFFF0000u));
}

#endif
