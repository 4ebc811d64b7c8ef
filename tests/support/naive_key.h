/* SPDX-License-Identifier: MIT */
/* The key of an interval's noise, written again from the paper on Philox (Salmon et al., 2011,
 * section 3.3 and table 2) and from noise.h only. */
#ifndef QUELL_TESTS_NAIVE_KEY_H
#define QUELL_TESTS_NAIVE_KEY_H

#include <stdint.h>
#include <string.h>

/* One round on (L0, R0, L1, R1) under (key0, key1): L' = low half of the product with R's,
 * R' = high half xor key xor L, the halves then changing places. */
static inline void naive_round(uint32_t word[4], const uint32_t key[2])
{
    const unsigned long long first = 0xD2511F53ull * word[0], second = 0xCD9E8D57ull * word[2];
    const uint32_t next[4] = {
        (uint32_t)(second / 4294967296ull) ^ word[1] ^ key[0], (uint32_t)(second % 4294967296ull),
        (uint32_t)(first / 4294967296ull) ^ word[3] ^ key[1], (uint32_t)(first % 4294967296ull)};
    memcpy(word, next, sizeof next);
}

static inline uint64_t naive_key(uint64_t seed, double t, double s)
{
    uint64_t bits[2] = {0, 0}; /* 0 and -0 stay so */
    if (t != 0) memcpy(&bits[0], &t, sizeof t);
    if (s != 0) memcpy(&bits[1], &s, sizeof s);
    uint32_t key[2] = {0, 0}, word[4];
    for (int i = 0; i < 4; i++)
        word[i] = (uint32_t)(i % 2 ? bits[i / 2] / 4294967296ull : bits[i / 2] % 4294967296ull);
    for (int round = 0; round < 10; round++) {
        naive_round(word, key);
        key[0] += 0x9E3779B9u, key[1] += 0xBB67AE85u; /* the golden ratio, sqrt(3) - 1 */
    }
    return seed ^ (word[0] + 4294967296ull * word[1]);
}

#endif
