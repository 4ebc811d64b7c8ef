/* SPDX-License-Identifier: MIT */
/* The verbs of vec_scalar.h on AVX2 with FMA, eight lanes. */
#ifndef QUELL_VEC_AVX2_H
#define QUELL_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <stddef.h>

#define LANES 8
#define VEC_NAME avx2
#define VERB static inline __attribute__((always_inline))

typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;
typedef struct vw {
    __m256i low, high; /* lanes 0, 1 and lanes 2, 3 of each 128 bits */
} vw;

static const uint32_t lane_block[LANES] = {0, 2, 4, 6, 1, 3, 5, 7};
static const uint32_t lane_pair[LANES] = {0, 1, 4, 5, 2, 3, 6, 7};

VERB __m256i v_first(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

VERB vf v_load(const float *p) { return _mm256_loadu_ps(p); }
VERB vf v_load_n(const float *p, size_t n) { return _mm256_maskload_ps(p, v_first(n)); }
/* v_load_rows is a 4 x 4 transpose in each 128-bit half, which holds pieces of four rows. */
VERB vf v_load_halves(const float *p, const float *q)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(q), 1);
}
VERB void v_load_rows(const float *p, size_t row, vf out[4])
{
    const float *q = p + 4 * row;
    vf a = v_load_halves(p, q), b = v_load_halves(p + row, q + row);
    vf c = v_load_halves(p + 2 * row, q + 2 * row), d = v_load_halves(p + 3 * row, q + 3 * row);
    __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
    __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
    __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
    __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    out[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low));
    out[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low));
    out[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high));
    out[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high));
}
VERB void v_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
VERB void v_store_n(float *p, vf a, size_t n) { _mm256_maskstore_ps(p, v_first(n), a); }
VERB vf v_set1(float a) { return _mm256_set1_ps(a); }

VERB vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
VERB vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
VERB vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
VERB vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
VERB vf v_sqrt(vf a) { return _mm256_sqrt_ps(a); }
VERB vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
VERB vf v_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
VERB vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
VERB vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }

VERB vm v_less(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
VERB vf v_select(vm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }
VERB int v_any(vm m) { return _mm256_movemask_ps(m) != 0; }
VERB int v_any_nan(vf a) { return _mm256_movemask_ps(_mm256_cmp_ps(a, a, _CMP_UNORD_Q)) != 0; }

VERB vi v_iload(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
VERB void v_istore(uint32_t *p, vi a) { _mm256_storeu_si256((__m256i *)(void *)p, a); }
VERB vi v_iset1(uint32_t a) { return _mm256_set1_epi32((int)a); }
VERB vi v_iadd(vi a, vi b) { return _mm256_add_epi32(a, b); }
VERB vi v_isub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
VERB vi v_iand(vi a, vi b) { return _mm256_and_si256(a, b); }
VERB vi v_ixor(vi a, vi b) { return _mm256_xor_si256(a, b); }
VERB vm v_iless(vi a, vi b)
{
    const __m256i sign = _mm256_set1_epi32((int)0x80000000u);
    return _mm256_castsi256_ps(
        _mm256_cmpgt_epi32(_mm256_xor_si256(b, sign), _mm256_xor_si256(a, sign)));
}
VERB vm v_iequal(vi a, vi b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
VERB vi v_iselect(vm m, vi a, vi b) { return _mm256_blendv_epi8(b, a, _mm256_castps_si256(m)); }
#define v_ishl(a, n) _mm256_slli_epi32(a, n)
#define v_ishr(a, n) _mm256_srli_epi32(a, n)
#define v_isar(a, n) _mm256_srai_epi32(a, n)

VERB vf v_from_int(vi a) { return _mm256_cvtepi32_ps(a); }
VERB vi v_to_int(vf a) { return _mm256_cvtps_epi32(a); }
VERB vi v_bits(vf a) { return _mm256_castps_si256(a); }
VERB vf v_from_bits(vi a) { return _mm256_castsi256_ps(a); }

VERB vw v_widen(vi a) { return (vw){_mm256_unpacklo_epi32(a, a), _mm256_unpackhi_epi32(a, a)}; }
VERB vi v_narrow(vw a)
{
    return v_bits(_mm256_shuffle_ps(v_from_bits(a.low), v_from_bits(a.high), 0x88));
}
VERB vw v_wset1(uint32_t a) { return (vw){v_iset1(a), v_iset1(a)}; }
VERB vw v_wadd(vw a, vw b) { return (vw){v_iadd(a.low, b.low), v_iadd(a.high, b.high)}; }
VERB vw v_wmul(vw a, vw b)
{
    return (vw){_mm256_mul_epu32(a.low, b.low), _mm256_mul_epu32(a.high, b.high)};
}
VERB vw v_whigh(vw a)
{
    return (vw){_mm256_shuffle_epi32(a.low, 0xF5), _mm256_shuffle_epi32(a.high, 0xF5)};
}
/* Without the barrier gcc xors with c first, although c is ready last, which makes the chain
 * longer. */
VERB vw v_wxor3(vw a, vw b, vw c)
{
    vi low = v_ixor(a.low, b.low), high = v_ixor(a.high, b.high);
    __asm__("" : "+x"(low), "+x"(high));
    return (vw){v_ixor(low, c.low), v_ixor(high, c.high)};
}

/* A 4 x 4 transpose in each 128-bit half; lane_block puts the halves in order. */
VERB void v_store_blocks(float *p, vf a, vf b, vf c, vf d)
{
    __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
    __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
    __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
    __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    v_store(p, _mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)));
    v_store(p + 8, _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)));
    v_store(p + 16, _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)));
    v_store(p + 24, _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high)));
}

VERB void v_store_pairs(float *p, vf a, vf b)
{
    v_store(p, _mm256_unpacklo_ps(a, b));
    v_store(p + 8, _mm256_unpackhi_ps(a, b));
}

#endif
