/* SPDX-License-Identifier: MIT */
/* Computes the key of an interval: the seed xor one block of Philox4x32-10 (Salmon et al., 2011),
 * whose counter is the bits of the interval's ends. Two intervals therefore have independent
 * streams, as two seeds have, without a list of earlier noise. The block is computed with the plan;
 * a run only does the xor. */
#include "noise_name.h"
#include <quell/noise.h>

#include <string.h>

static void split(double value, uint32_t words[2])
{
    uint64_t bits;
    value += 0.0; /* turns -0 into 0 */
    memcpy(&bits, &value, sizeof bits);
    words[0] = (uint32_t)bits;
    words[1] = (uint32_t)(bits >> 32);
}

static void philox(uint32_t c[4])
{
    uint32_t k0 = 0, k1 = 0;
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uint64_t a = (uint64_t)c[0] * 0xD2511F53u, b = (uint64_t)c[2] * 0xCD9E8D57u;
        uint32_t c0 = (uint32_t)(b >> 32) ^ c[1] ^ k0, c2 = (uint32_t)(a >> 32) ^ c[3] ^ k1;
        c[0] = c0, c[1] = (uint32_t)b, c[2] = c2, c[3] = (uint32_t)a;
    }
}

uint64_t quell_noise_key(uint64_t seed, double t, double s)
{
    uint32_t counter[4];
    split(t, counter);
    split(s, counter + 2);
    philox(counter);
    return seed ^ ((uint64_t)counter[1] << 32 | counter[0]);
}

struct quell_noise_name quell_noise_between(bool brownian, unsigned k, const quell_point *t,
                                            const quell_point *s)
{
    struct quell_noise_name name = {t->t, s->t, 0, k, {0, 0, k}};
    if (t->t == s->t) name.from = quell_lambda(t), name.to = quell_lambda(s);
    name.key = quell_noise_key(0, name.from, name.to);
    if (brownian) {
        name.path.from = quell_brownian_cell_of(t);
        name.path.to = quell_brownian_cell_of(s);
    }
    return name;
}
