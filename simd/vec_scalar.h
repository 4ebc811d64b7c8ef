/* SPDX-License-Identifier: MIT */
/* The verbs of the kernels in plain C, one lane at a time: the reference for every other header.
 *
 *   vf  float lanes       vi  32-bit integer lanes      vm  one truth value per lane
 *   vw  32-bit numbers in 64-bit lanes, whose upper halves may have any value
 *
 * v_load_rows: lane i of out[j] is p[i * row + j]. A multiply-add is always fused and explicit.
 * v_max(a, b) is a > b ? a : b and v_min(a, b) is a < b ? a : b, also for NaN and signed zeros. */
#ifndef QUELL_VEC_SCALAR_H
#define QUELL_VEC_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 1
#define VEC_NAME scalar
#define VERB static inline __attribute__((always_inline))

typedef float vf;
typedef uint32_t vi;
typedef int vm;
typedef uint64_t vw;

/* The block that each lane draws, so that v_store_blocks and v_store_pairs write in order. */
static const uint32_t lane_block[LANES] = {0};
static const uint32_t lane_pair[LANES] = {0};

VERB vf v_load(const float *p) { return *p; }
VERB vf v_load_n(const float *p, size_t n) { return n ? *p : 0.0f; }
VERB void v_load_rows(const float *p, size_t row, vf out[4])
{
    (void)row;
    for (size_t j = 0; j < 4; j++) out[j] = p[j];
}
VERB void v_store(float *p, vf a) { *p = a; }
VERB void v_store_n(float *p, vf a, size_t n)
{
    if (n) *p = a;
}
VERB vf v_set1(float a) { return a; }

VERB vf v_add(vf a, vf b) { return a + b; }
VERB vf v_sub(vf a, vf b) { return a - b; }
VERB vf v_mul(vf a, vf b) { return a * b; }
VERB vf v_div(vf a, vf b) { return a / b; }
VERB vf v_sqrt(vf a) { return sqrtf(a); }
VERB vf v_fma(vf a, vf b, vf c) { return fmaf(a, b, c); }   /* a b + c */
VERB vf v_fnma(vf a, vf b, vf c) { return fmaf(-a, b, c); } /* c - a b */
VERB vf v_max(vf a, vf b) { return a > b ? a : b; }
VERB vf v_min(vf a, vf b) { return a < b ? a : b; }

VERB vm v_less(vf a, vf b) { return a < b; }
VERB vf v_select(vm m, vf a, vf b) { return m ? a : b; }
VERB int v_any(vm m) { return m; }
VERB int v_any_nan(vf a) { return a != a; }

VERB vi v_iload(const uint32_t *p) { return *p; }
VERB void v_istore(uint32_t *p, vi a) { *p = a; }
VERB vi v_iset1(uint32_t a) { return a; }
VERB vi v_iadd(vi a, vi b) { return a + b; }
VERB vi v_isub(vi a, vi b) { return a - b; }
VERB vi v_iand(vi a, vi b) { return a & b; }
VERB vi v_ixor(vi a, vi b) { return a ^ b; }
VERB vm v_iless(vi a, vi b) { return a < b; } /* unsigned */
VERB vm v_iequal(vi a, vi b) { return a == b; }
VERB vi v_iselect(vm m, vi a, vi b) { return m ? a : b; }
#define v_ishl(a, n) ((vi)((a) << (n)))
#define v_ishr(a, n) ((vi)((a) >> (n)))
#define v_isar(a, n) ((vi)((int32_t)(a) >> (n)))

/* Convert signed integers to floats, rounded to nearest even, and back. */
VERB vf v_from_int(vi a) { return (float)(int32_t)a; }
VERB vi v_to_int(vf a) { return (vi)(int32_t)rintf(a); }
VERB vi v_bits(vf a)
{
    vi b;
    memcpy(&b, &a, sizeof b);
    return b;
}
VERB vf v_from_bits(vi a)
{
    vf b;
    memcpy(&b, &a, sizeof b);
    return b;
}

VERB vw v_widen(vi a) { return a; }
VERB vi v_narrow(vw a) { return (vi)a; }
VERB vw v_wset1(uint32_t a) { return a; }
VERB vw v_wadd(vw a, vw b) { return a + b; }
VERB vw v_wmul(vw a, vw b) { return (uint64_t)(uint32_t)a * (uint32_t)b; }
VERB vw v_whigh(vw a) { return a >> 32; }
VERB vw v_wxor3(vw a, vw b, vw c) { return a ^ b ^ c; }

/* Writes 4 * LANES floats. Lane l of a, b, c, d holds the elements of block lane_block[l]. */
VERB void v_store_blocks(float *p, vf a, vf b, vf c, vf d)
{
    p[0] = a;
    p[1] = b;
    p[2] = c;
    p[3] = d;
}

/* Writes 2 * LANES floats. Lane l of a, b holds the elements of pair lane_pair[l]. */
VERB void v_store_pairs(float *p, vf a, vf b)
{
    p[0] = a;
    p[1] = b;
}

#endif
