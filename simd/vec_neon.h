/* SPDX-License-Identifier: MIT */
/* The verbs of vec_scalar.h on Advanced SIMD (aarch64), four lanes. */
#ifndef QUELL_VEC_NEON_H
#define QUELL_VEC_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <stddef.h>

#define LANES 4
#define VEC_NAME neon
#define VERB static inline __attribute__((always_inline))

typedef float32x4_t vf;
typedef uint32x4_t vi;
typedef uint32x4_t vm;
typedef struct vw {
    uint64x2_t low, high; /* lanes 0, 1 and lanes 2, 3 */
} vw;

static const uint32_t lane_block[LANES] = {0, 1, 2, 3};
static const uint32_t lane_pair[LANES] = {0, 1, 2, 3};

VERB vf v_load(const float *p) { return vld1q_f32(p); }
VERB vf v_load_n(const float *p, size_t n)
{
    float part[LANES] = {0};
    for (size_t i = 0; i < n && i < LANES; i++) part[i] = p[i];
    return vld1q_f32(part);
}
VERB void v_load_rows(const float *p, size_t row, vf out[4])
{
    float32x4x2_t ab = vtrnq_f32(v_load(p), v_load(p + row));
    float32x4x2_t cd = vtrnq_f32(v_load(p + 2 * row), v_load(p + 3 * row));
    out[0] = vcombine_f32(vget_low_f32(ab.val[0]), vget_low_f32(cd.val[0]));
    out[1] = vcombine_f32(vget_low_f32(ab.val[1]), vget_low_f32(cd.val[1]));
    out[2] = vcombine_f32(vget_high_f32(ab.val[0]), vget_high_f32(cd.val[0]));
    out[3] = vcombine_f32(vget_high_f32(ab.val[1]), vget_high_f32(cd.val[1]));
}
VERB void v_store(float *p, vf a) { vst1q_f32(p, a); }
VERB void v_store_n(float *p, vf a, size_t n)
{
    float part[LANES];
    vst1q_f32(part, a);
    for (size_t i = 0; i < n && i < LANES; i++) p[i] = part[i];
}
VERB vf v_set1(float a) { return vdupq_n_f32(a); }

VERB vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
VERB vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
VERB vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
VERB vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
VERB vf v_sqrt(vf a) { return vsqrtq_f32(a); }
VERB vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
VERB vf v_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
VERB vf v_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
VERB vf v_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }

VERB vm v_less(vf a, vf b) { return vcltq_f32(a, b); }
VERB vf v_select(vm m, vf a, vf b) { return vbslq_f32(m, a, b); }
VERB int v_any(vm m) { return vmaxvq_u32(m) != 0; }
VERB int v_any_nan(vf a) { return vminvq_u32(vceqq_f32(a, a)) == 0; }

VERB vi v_iload(const uint32_t *p) { return vld1q_u32(p); }
VERB void v_istore(uint32_t *p, vi a) { vst1q_u32(p, a); }
VERB vi v_iset1(uint32_t a) { return vdupq_n_u32(a); }
VERB vi v_iadd(vi a, vi b) { return vaddq_u32(a, b); }
VERB vi v_isub(vi a, vi b) { return vsubq_u32(a, b); }
VERB vi v_iand(vi a, vi b) { return vandq_u32(a, b); }
VERB vi v_ixor(vi a, vi b) { return veorq_u32(a, b); }
VERB vm v_iless(vi a, vi b) { return vcltq_u32(a, b); }
VERB vm v_iequal(vi a, vi b) { return vceqq_u32(a, b); }
VERB vi v_iselect(vm m, vi a, vi b) { return vbslq_u32(m, a, b); }
#define v_ishl(a, n) vshlq_n_u32(a, n)
#define v_ishr(a, n) vshrq_n_u32(a, n)
#define v_isar(a, n) vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(a), n))

VERB vf v_from_int(vi a) { return vcvtq_f32_s32(vreinterpretq_s32_u32(a)); }
VERB vi v_to_int(vf a) { return vreinterpretq_u32_s32(vcvtnq_s32_f32(a)); }
VERB vi v_bits(vf a) { return vreinterpretq_u32_f32(a); }
VERB vf v_from_bits(vi a) { return vreinterpretq_f32_u32(a); }

VERB vw v_widen(vi a) { return (vw){vmovl_u32(vget_low_u32(a)), vmovl_high_u32(a)}; }
VERB vi v_narrow(vw a)
{
    return vuzp1q_u32(vreinterpretq_u32_u64(a.low), vreinterpretq_u32_u64(a.high));
}
VERB vw v_wset1(uint32_t a) { return (vw){vdupq_n_u64(a), vdupq_n_u64(a)}; }
VERB vw v_wadd(vw a, vw b) { return (vw){vaddq_u64(a.low, b.low), vaddq_u64(a.high, b.high)}; }
VERB vw v_wmul(vw a, vw b)
{
    return (vw){vmull_u32(vmovn_u64(a.low), vmovn_u64(b.low)),
                vmull_u32(vmovn_u64(a.high), vmovn_u64(b.high))};
}
VERB vw v_whigh(vw a) { return (vw){vshrq_n_u64(a.low, 32), vshrq_n_u64(a.high, 32)}; }
VERB vw v_wxor3(vw a, vw b, vw c)
{
    return (vw){veorq_u64(veorq_u64(a.low, b.low), c.low),
                veorq_u64(veorq_u64(a.high, b.high), c.high)};
}

VERB void v_store_blocks(float *p, vf a, vf b, vf c, vf d)
{
    vst4q_f32(p, ((float32x4x4_t){{a, b, c, d}}));
}

VERB void v_store_pairs(float *p, vf a, vf b) { vst2q_f32(p, ((float32x4x2_t){{a, b}})); }

#endif
