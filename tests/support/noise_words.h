/* SPDX-License-Identifier: MIT */
/* Philox4x32-10 backwards: the counter that gives chosen words, so that tests can hand any words
 * to any kernel. A round's products with odd constants lose nothing, so each can be undone. */
#ifndef QUELL_TESTS_NOISE_WORDS_H
#define QUELL_TESTS_NOISE_WORDS_H

#include "simd/kernels.h"

/* The inverse of an odd number modulo 2^32, by Newton's iteration. */
static inline uint32_t odd_inverse(uint32_t odd)
{
    uint32_t inverse = odd;
    for (int i = 0; i < 5; i++) inverse *= 2u - odd * inverse;
    return inverse;
}

static inline struct quell_noise_at noise_at_words(uint64_t seed, const uint32_t words[4])
{
    const uint32_t m0 = 0xD2511F53u, m1 = 0xCD9E8D57u;
    uint32_t c0 = words[0], c1 = words[1], c2 = words[2], c3 = words[3];
    for (uint32_t round = 10; round-- > 0;) {
        uint32_t key0 = (uint32_t)seed + round * 0x9E3779B9u;
        uint32_t key1 = (uint32_t)(seed >> 32) + round * 0xBB67AE85u;
        uint32_t before0 = c3 * odd_inverse(m0), before2 = c1 * odd_inverse(m1);
        uint32_t high0 = (uint32_t)((uint64_t)before0 * m0 >> 32);
        uint32_t high1 = (uint32_t)((uint64_t)before2 * m1 >> 32);
        c1 = c0 ^ high1 ^ key0;
        c3 = c2 ^ high0 ^ key1;
        c0 = before0;
        c2 = before2;
    }
    return (struct quell_noise_at){seed, (uint64_t)c3 << 32 | c2, c1, c0, 0};
}

#endif
