/* SPDX-License-Identifier: MIT */
/* The verbs of vec_scalar.h on AVX-512 (F, DQ, BW, VL), sixteen lanes. */
#ifndef QUELL_VEC_AVX512_H
#define QUELL_VEC_AVX512_H

#include <immintrin.h>
#include <stdint.h>
#include <stddef.h>

#define LANES 16
#define VEC_NAME avx512
#define VERB static inline __attribute__((always_inline))

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;
typedef struct vw {
    __m512i low, high; /* lanes 0, 1 and lanes 2, 3 of each 128 bits */
} vw;

static const uint32_t lane_block[LANES] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
static const uint32_t lane_pair[LANES] = {0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15};

VERB vm v_first(size_t n) { return (vm)(n >= LANES ? 0xFFFFu : (1u << n) - 1u); }

VERB vf v_load(const float *p) { return _mm512_loadu_ps(p); }
VERB vf v_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(v_first(n), p); }
/* v_load_rows is a 4 x 4 transpose in each 128-bit quarter, which holds pieces of four rows. */
VERB vf v_load_quarters(const float *p, size_t apart)
{
    vf a = _mm512_castps128_ps512(_mm_loadu_ps(p));
    a = _mm512_insertf32x4(a, _mm_loadu_ps(p + apart), 1);
    a = _mm512_insertf32x4(a, _mm_loadu_ps(p + 2 * apart), 2);
    return _mm512_insertf32x4(a, _mm_loadu_ps(p + 3 * apart), 3);
}
VERB void v_load_rows(const float *p, size_t row, vf out[4])
{
    vf a = v_load_quarters(p, 4 * row), b = v_load_quarters(p + row, 4 * row);
    vf c = v_load_quarters(p + 2 * row, 4 * row), d = v_load_quarters(p + 3 * row, 4 * row);
    __m512d ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    __m512d ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    __m512d cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    __m512d cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    out[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low));
    out[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low));
    out[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high));
    out[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high));
}
VERB void v_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
VERB void v_store_n(float *p, vf a, size_t n) { _mm512_mask_storeu_ps(p, v_first(n), a); }
VERB vf v_set1(float a) { return _mm512_set1_ps(a); }

VERB vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
VERB vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
VERB vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
VERB vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
VERB vf v_sqrt(vf a) { return _mm512_sqrt_ps(a); }
VERB vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VERB vf v_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
VERB vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
VERB vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }

VERB vm v_less(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
VERB vf v_select(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }
VERB int v_any(vm m) { return m != 0; }
VERB int v_any_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q) != 0; }

VERB vi v_iload(const uint32_t *p) { return _mm512_loadu_si512(p); }
VERB void v_istore(uint32_t *p, vi a) { _mm512_storeu_si512(p, a); }
VERB vi v_iset1(uint32_t a) { return _mm512_set1_epi32((int)a); }
VERB vi v_iadd(vi a, vi b) { return _mm512_add_epi32(a, b); }
VERB vi v_isub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
VERB vi v_iand(vi a, vi b) { return _mm512_and_si512(a, b); }
VERB vi v_ixor(vi a, vi b) { return _mm512_xor_si512(a, b); }
VERB vm v_iless(vi a, vi b) { return _mm512_cmplt_epu32_mask(a, b); }
VERB vm v_iequal(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
VERB vi v_iselect(vm m, vi a, vi b) { return _mm512_mask_blend_epi32(m, b, a); }
#define v_ishl(a, n) _mm512_slli_epi32(a, n)
#define v_ishr(a, n) _mm512_srli_epi32(a, n)
#define v_isar(a, n) _mm512_srai_epi32(a, n)

VERB vf v_from_int(vi a) { return _mm512_cvtepi32_ps(a); }
VERB vi v_to_int(vf a) { return _mm512_cvtps_epi32(a); }
VERB vi v_bits(vf a) { return _mm512_castps_si512(a); }
VERB vf v_from_bits(vi a) { return _mm512_castsi512_ps(a); }

VERB vw v_widen(vi a) { return (vw){_mm512_unpacklo_epi32(a, a), _mm512_unpackhi_epi32(a, a)}; }
VERB vi v_narrow(vw a)
{
    return v_bits(_mm512_shuffle_ps(v_from_bits(a.low), v_from_bits(a.high), 0x88));
}
VERB vw v_wset1(uint32_t a) { return (vw){v_iset1(a), v_iset1(a)}; }
VERB vw v_wadd(vw a, vw b) { return (vw){v_iadd(a.low, b.low), v_iadd(a.high, b.high)}; }
VERB vw v_wmul(vw a, vw b)
{
    return (vw){_mm512_mul_epu32(a.low, b.low), _mm512_mul_epu32(a.high, b.high)};
}
VERB vw v_whigh(vw a)
{
    return (vw){_mm512_shuffle_epi32(a.low, 0xF5), _mm512_shuffle_epi32(a.high, 0xF5)};
}
VERB vw v_wxor3(vw a, vw b, vw c)
{
    return (vw){_mm512_ternarylogic_epi64(a.low, b.low, c.low, 0x96),
                _mm512_ternarylogic_epi64(a.high, b.high, c.high, 0x96)};
}

/* A 4 x 4 transpose in each 128-bit quarter; lane_block puts the quarters in order. */
VERB void v_store_blocks(float *p, vf a, vf b, vf c, vf d)
{
    __m512d ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    __m512d ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    __m512d cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    __m512d cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    v_store(p, _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low)));
    v_store(p + 16, _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low)));
    v_store(p + 32, _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high)));
    v_store(p + 48, _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high)));
}

VERB void v_store_pairs(float *p, vf a, vf b)
{
    v_store(p, _mm512_unpacklo_ps(a, b));
    v_store(p + 16, _mm512_unpackhi_ps(a, b));
}

#endif
