/* SPDX-License-Identifier: MIT */
/* The loops are written once, over the few verbs of each instruction set below. Operands come
 * through empty asm statements, so that the compiler can neither know nor drop what is computed. */
#include "bounds.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CHAINS 12 /* latency times units, and more, of any core we know */

#define BOUND(name, flags)                                                                         \
    __attribute__((target(flags), noinline)) static double fused_##name(size_t steps)              \
    {                                                                                              \
        floats_##name sum[CHAINS], a = set_##name(0.5f), b = set_##name(0.25f);                    \
        for (int c = 0; c < CHAINS; c++) sum[c] = set_##name((float)c);                            \
        HIDE_##name(a);                                                                            \
        HIDE_##name(b);                                                                            \
        for (size_t i = 0; i < steps; i++) {                                                       \
            _Pragma("GCC unroll 16") for (int c = 0; c < CHAINS; c++) sum[c] =                     \
                fma_##name(sum[c], a, b);                                                          \
            HIDE_##name(a);                                                                        \
        }                                                                                          \
        _Pragma("GCC unroll 16") for (int c = 0; c < CHAINS; c++) HIDE_##name(sum[c]);             \
        return (double)steps * CHAINS * sizeof a / 4;                                              \
    }                                                                                              \
    __attribute__((target(flags), noinline)) static double multiply_##name(size_t steps)           \
    {                                                                                              \
        words_##name product[CHAINS], factor = words_of_##name(0xD2511F53);                        \
        for (int c = 0; c < CHAINS; c++) product[c] = words_of_##name((uint32_t)c + 1);            \
        for (size_t i = 0; i < steps; i++) {                                                       \
            _Pragma("GCC unroll 16") for (int c = 0; c < CHAINS; c++) product[c] =                 \
                multiply_words_##name(product[c], factor);                                         \
            HIDE_##name(factor);                                                                   \
        }                                                                                          \
        _Pragma("GCC unroll 16") for (int c = 0; c < CHAINS; c++) HIDE_##name(product[c]);         \
        return (double)steps * CHAINS * sizeof factor / 8;                                         \
    }                                                                                              \
    __attribute__((target(flags), noinline)) static void read_##name(size_t count, const float *x) \
    {                                                                                              \
        const size_t lanes = sizeof(floats_##name) / 4;                                            \
        for (size_t i = 0; i < count; i += 4 * lanes)                                              \
            _Pragma("GCC unroll 16") for (size_t u = 0; u < 4; u++)                                \
            {                                                                                      \
                floats_##name value = load_##name(x + i + u * lanes);                              \
                HIDE_##name(value);                                                                \
            }                                                                                      \
    }                                                                                              \
    __attribute__((target(flags), noinline)) static void update_##name(size_t count, float *x,     \
                                                                       const float *y)             \
    {                                                                                              \
        const size_t lanes = sizeof(floats_##name) / 4;                                            \
        const floats_##name a = set_##name(0.5f), b = set_##name(0.25f);                           \
        for (size_t i = 0; i < count; i += 4 * lanes)                                              \
            _Pragma("GCC unroll 16") for (size_t u = 0; u < 4; u++)                                \
            {                                                                                      \
                float *at = x + i + u * lanes;                                                     \
                floats_##name value = multiply_##name##_floats(b, load_##name(y + i + u * lanes)); \
                store_##name(at, fma_##name(load_##name(at), a, value));                           \
            }                                                                                      \
    }

/* Products of `each` pairs that are added to a word. */
#define DOTS(name, flags, each, type, zero, dot)                                         \
    __attribute__((target(flags), noinline)) static double name(size_t steps)            \
    {                                                                                    \
        type sum[CHAINS], a = zero, b = zero;                                            \
        for (int c = 0; c < CHAINS; c++) sum[c] = zero;                                  \
        for (size_t i = 0; i < steps; i++) {                                             \
            HIDE_##name(a);                                                              \
            HIDE_##name(b);                                                              \
            _Pragma("GCC unroll 16") for (int c = 0; c < CHAINS; c++) dot(sum[c], a, b); \
        }                                                                                \
        _Pragma("GCC unroll 16") for (int c = 0; c < CHAINS; c++) HIDE_##name(sum[c]);   \
        return (double)steps * CHAINS * (each) * sizeof a / 4;                           \
    }

#if defined(__x86_64__)
#include <immintrin.h>

#define HIDE_avx2(v) __asm__ volatile("" : "+x"(v))
#define HIDE_avx512(v) __asm__ volatile("" : "+v"(v))
typedef __m256 floats_avx2;
typedef __m256i words_avx2;
typedef __m512 floats_avx512;
typedef __m512i words_avx512;
#define set_avx2 _mm256_set1_ps
#define load_avx2 _mm256_loadu_ps
#define store_avx2 _mm256_storeu_ps
#define fma_avx2 _mm256_fmadd_ps
#define multiply_avx2_floats _mm256_mul_ps
#define words_of_avx2(w) _mm256_set1_epi64x(w)
#define multiply_words_avx2 _mm256_mul_epu32
#define set_avx512 _mm512_set1_ps
#define load_avx512 _mm512_loadu_ps
#define store_avx512 _mm512_storeu_ps
#define fma_avx512 _mm512_fmadd_ps
#define multiply_avx512_floats _mm512_mul_ps
#define words_of_avx512(w) _mm512_set1_epi64(w)
#define multiply_words_avx512 _mm512_mul_epu32
BOUND(avx2, "avx2,fma")
BOUND(avx512, "avx512f,avx512vl,avx512dq,avx512bw,fma")

#define HIDE_bytes_avx2(v) HIDE_avx2(v)
#define HIDE_bytes_vnni(v) HIDE_avx512(v)
#define HIDE_halves_bf16(v) HIDE_avx512(v)
#define dot_pairs(s, a, b) s = _mm256_add_epi32(s, _mm256_madd_epi16(a, b))
#define dot_vnni(s, a, b) s = _mm512_dpbusd_epi32(s, a, b)
#define dot_bf16(s, a, b) s = _mm512_dpbf16_ps(s, (__m512bh)(a), (__m512bh)(b))
DOTS(bytes_avx2, "avx2", 2, __m256i, _mm256_setzero_si256(), dot_pairs)
DOTS(bytes_vnni, "avx512f,avx512vnni", 4, __m512i, _mm512_setzero_si512(), dot_vnni)
DOTS(halves_bf16, "avx512f,avx512bf16", 2, __m512, _mm512_setzero_ps(), dot_bf16)
#elif defined(__aarch64__)
#include <arm_neon.h>

#define HIDE_neon(v) __asm__ volatile("" : "+w"(v))
typedef float32x4_t floats_neon;
typedef uint64x2_t words_neon;
#define set_neon vdupq_n_f32
#define load_neon vld1q_f32
#define store_neon vst1q_f32
#define fma_neon(x, a, b) vfmaq_f32(b, x, a)
#define multiply_neon_floats vmulq_f32
#define words_of_neon(w) vdupq_n_u64(w)
#define low_neon(v) vget_low_u32(vreinterpretq_u32_u64(v))
#define multiply_words_neon(x, y) vmull_u32(low_neon(x), low_neon(y))
BOUND(neon, "arch=armv8-a")
#endif

#define ROW(name)                 \
    {.isa = #name,                \
     .fused = fused_##name,       \
     .multiply = multiply_##name, \
     .read = read_##name,         \
     .update = update_##name}

static const struct bound bounds[] = {
#if defined(__x86_64__)
    ROW(avx2),
    ROW(avx512),
#elif defined(__aarch64__)
    ROW(neon),
#endif
};

const struct bound *bound_of(const char *isa)
{
    static struct bound found;
    found.isa = NULL;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (strcmp(bounds[i].isa, isa) == 0) found = bounds[i];
    if (!found.isa) return NULL;
#if defined(__x86_64__)
    bool wide = strcmp(isa, "avx512") == 0;
    found.bytes = wide && __builtin_cpu_supports("avx512vnni") ? bytes_vnni : bytes_avx2;
    if (wide && __builtin_cpu_supports("avx512bf16")) found.halves = halves_bf16;
#endif
    return &found;
}
