/* SPDX-License-Identifier: MIT */
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

struct draw {
    vi block, low, high;
    vi blocks, step, back, samples;
    vi stream;
    uint32_t key0, key1;
};

VERB struct draw draw_at(const struct quell_noise_at *at, const uint32_t *lane)
{
    uint32_t block[LANES], low[LANES], high[LANES];
    uint32_t b = at->block;
    uint64_t sample = at->sample;
    uint32_t order[LANES];
    for (uint32_t l = 0; l < LANES; l++) order[lane[l]] = l;
    for (size_t i = 0; i < LANES; i++) {
        uint32_t l = order[i];
        block[l] = b;
        low[l] = (uint32_t)sample;
        high[l] = (uint32_t)(sample >> 32);
        if (++b == at->blocks) b = 0, sample++;
    }
    uint32_t step = LANES % at->blocks;
    return (struct draw){v_iload(block), v_iload(low), v_iload(high), v_iset1(at->blocks), v_iset1(step),
                         v_iset1(at->blocks - step), v_iset1(LANES / at->blocks), v_iset1(at->stream),
                         (uint32_t)at->seed, (uint32_t)(at->seed >> 32)};
}

VERB void advance(struct draw *d)
{
    vi zero = v_iset1(0), one = v_iset1(1);
    vm stay = v_iless(d->block, d->back);
    vi low = v_iadd(d->low, v_iadd(d->samples, v_iselect(stay, zero, one)));
    d->high = v_iadd(d->high, v_iselect(v_iless(low, d->low), one, zero));
    d->low = low;
    d->block = v_isub(v_iadd(d->block, d->step), v_iselect(stay, zero, d->blocks));
}

VERB void words(const struct draw *d, vi out[4])
{
    const vw m0 = v_wset1(PHILOX_M0), m1 = v_wset1(PHILOX_M1);
    vw c0 = v_widen(d->block), c1 = v_widen(d->stream), c2 = v_widen(d->low), c3 = v_widen(d->high);
    uint32_t k0 = d->key0, k1 = d->key1;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        vw p0 = v_wmul(c0, m0), p1 = v_wmul(c2, m1);
        c0 = v_wxor3(c1, v_wset1(k0), v_whigh(p1));
        c2 = v_wxor3(c3, v_wset1(k1), v_whigh(p0));
        c1 = p1;
        c3 = p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = v_narrow(c0);
    out[1] = v_narrow(c1);
    out[2] = v_narrow(c2);
    out[3] = v_narrow(c3);
}

VERB vf radius(vi word)
{
    const vi split = v_iset1(0x3F3504F3u), one = v_iset1(0x4F000000u);
    vi bits = v_isub(v_bits(v_add(v_from_int(v_ishr(word, 1)), v_set1(0.5f))), v_iset1(0x3F3504F3u + (31u << 23)));
    (void)one;
    vf e = v_from_int(v_isar(bits, 23));
    vf f = v_sub(v_from_bits(v_iadd(v_iand(bits, v_iset1(0x007FFFFFu)), split)), v_set1(1.0f));
    vf t = v_set1(-0x1.7690cep-3f);
    t = v_fma(t, f, v_set1(0x1.2cb15cp-2f));
    t = v_fma(t, f, v_set1(-0x1.316d36p-2f));
    t = v_fma(t, f, v_set1(0x1.51fbc6p-2f));
    t = v_fma(t, f, v_set1(-0x1.98b5d0p-2f));
    t = v_fma(t, f, v_set1(0x1.000efep-1f));
    t = v_fma(t, f, v_set1(-0x1.555798p-1f));
    t = v_fma(t, f, v_set1(0x1.ffffc8p-1f));
    t = v_fma(t, f, v_set1(-2.0f));
    return v_sqrt(v_fma(t, f, v_mul(e, v_set1(-0x1.62e430p+0f))));
}

VERB void normal_pair(vi a, vi b, vf *x, vf *y)
{
    vf r = radius(a);
    vi twice = v_ishl(b, 1);
    vf t = v_mul(v_from_int(twice), v_set1(0x1p-31f));
    vf z = v_mul(t, t);
    vf s = v_set1(-0x1.ac6ea4p-15f);
    s = v_fma(s, z, v_set1(0x1.cd9bbep-9f));
    s = v_fma(s, z, v_set1(-0x1.d3ba72p-4f));
    s = v_fma(s, z, v_set1(0x1.1c5832p+0f));
    s = v_mul(s, t);
    vf c = v_set1(-0x1.d9011cp-12f);
    c = v_fma(c, z, v_set1(0x1.6f40fap-6f));
    c = v_fma(c, z, v_set1(-0x1.bea56ap-2f));
    c = v_fma(c, z, v_set1(0x1.6a09e6p+0f));
    r = v_from_bits(v_ixor(v_bits(r), v_iand(v_ixor(b, twice), v_iset1(0x80000000u))));
    vf rs = v_mul(r, s);
    *x = v_fnma(rs, s, r);
    *y = v_mul(rs, c);
}

static void philox(const struct quell_noise_at *at, size_t count, uint32_t *out)
{
    struct draw d = draw_at(at, lane_block);
    for (size_t i = 0; i < count; i += LANES) {
        vi w[4];
        words(&d, w);
        advance(&d);
        float part[4 * LANES];
        float *to = i + LANES <= count ? (float *)(out + 4 * i) : part;
        v_store_blocks(to, v_from_bits(w[0]), v_from_bits(w[1]), v_from_bits(w[2]), v_from_bits(w[3]));
        if (to == part) memcpy(out + 4 * i, part, 16 * (count - i));
    }
}

static void normals(const struct quell_noise_at *at, size_t count, float *out)
{
    struct draw d = draw_at(at, lane_block);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vi w[4];
        vf n[4];
        words(&d, w);
        advance(&d);
        normal_pair(w[0], w[1], n, n + 1);
        normal_pair(w[2], w[3], n + 2, n + 3);
        v_store_blocks(out + 4 * i, n[0], n[1], n[2], n[3]);
    }
}

static void normal_pairs(const struct quell_noise_at *at, size_t count, float *out)
{
    struct draw d = draw_at(at, lane_pair);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vi w[4];
        vf n[2];
        words(&d, w);
        advance(&d);
        normal_pair(w[0], w[1], n, n + 1);
        v_store_pairs(out + 2 * i, n[0], n[1]);
    }
}
