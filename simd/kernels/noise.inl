/* SPDX-License-Identifier: MIT */
/* Philox4x32-10 and Box-Muller, one block of four elements per lane.
 *
 * Philox: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011. A
 * round multiplies two 32-bit words to 64 bits; the words live in 64-bit lanes, whose upper halves
 * may hold anything, so that a product's low word needs no work at all and its high word one
 * shuffle.
 *
 * Box-Muller: words (a, b) give r cos(2 pi b / 2^32) and r sin(2 pi b / 2^32), r = sqrt(-2 ln u),
 * u = (floor(a / 2) + 1/2) / 2^31 rounded to float, in [2^-32, 1]. The polynomials' coefficients
 * minimise the largest relative error (linear programming on Chebyshev points), were rounded to
 * float one by one, the leading one first, and refitted after each. Against the exact formula both
 * normals are within 3.8e-7 r (tests/kernels/test_noise.c). */

#include <string.h>

#define PHILOX_MULTIPLY_0 0xD2511F53u
#define PHILOX_MULTIPLY_1 0xCD9E8D57u
#define PHILOX_WEYL_0 0x9E3779B9u
#define PHILOX_WEYL_1 0xBB67AE85u

/* The block that each lane draws next, and how far it is to the block that the lane draws after
 * that, LANES blocks later: `step` blocks and `samples` samples, or one sample more if `block` has
 * no `room` for the step. */
struct draw {
    vi block, low, high;
    vi step, samples, room, blocks;
    vi stream;
    uint32_t key[2];
};

/* Starts lane l at lane[l] blocks after `at`. at->blocks == 0 stands for 2^32. */
VERB struct draw draw_at(const struct quell_noise_at *at, const uint32_t *lane)
{
    uint64_t blocks = at->blocks ? at->blocks : (uint64_t)1 << 32, sample[LANES];
    uint32_t ordered[LANES], block[LANES], low[LANES], high[LANES];
    ordered[0] = at->block;
    sample[0] = at->sample;
    for (size_t i = 1; i < LANES; i++) {
        int wraps = ordered[i - 1] == blocks - 1;
        ordered[i] = wraps ? 0 : ordered[i - 1] + 1;
        sample[i] = sample[i - 1] + (uint64_t)wraps;
    }
    for (size_t l = 0; l < LANES; l++) {
        block[l] = ordered[lane[l]];
        low[l] = (uint32_t)sample[lane[l]];
        high[l] = (uint32_t)(sample[lane[l]] >> 32);
    }
    uint32_t step = (uint32_t)(LANES % blocks);
    return (struct draw){v_iload(block),
                         v_iload(low),
                         v_iload(high),
                         v_iset1(step),
                         v_iset1((uint32_t)(LANES / blocks)),
                         v_iset1((uint32_t)(blocks - step)),
                         v_iset1((uint32_t)blocks),
                         v_iset1(at->stream),
                         {(uint32_t)at->seed, (uint32_t)(at->seed >> 32)}};
}

VERB void draw_advance(struct draw *draw)
{
    const vi zero = v_iset1(0), one = v_iset1(1);
    vm stays = v_iless(draw->block, draw->room);
    vi low = v_iadd(v_iadd(draw->low, draw->samples), v_iselect(stays, zero, one));
    draw->high = v_iadd(draw->high, v_iselect(v_iless(low, draw->low), one, zero));
    draw->low = low;
    vi block = v_iadd(draw->block, draw->step);
    draw->block = v_isub(block, v_iselect(stays, zero, draw->blocks));
}

VERB void philox_round(vw c[4], vw key0, vw key1)
{
    vw product0 = v_wmul(c[0], v_wset1(PHILOX_MULTIPLY_0));
    vw product1 = v_wmul(c[2], v_wset1(PHILOX_MULTIPLY_1));
    c[0] = v_wxor3(c[1], key0, v_whigh(product1));
    c[2] = v_wxor3(c[3], key1, v_whigh(product0));
    c[1] = product1;
    c[3] = product0;
}

VERB void narrow_words(const vw c[4], vi word[4])
{
    for (int i = 0; i < 4; i++) word[i] = v_narrow(c[i]);
}

/* Draws the four words of each lane's block, and moves on to the next one. */
VERB void draw_words(struct draw *draw, vi word[4])
{
    vw c[4] = {v_widen(draw->block), v_widen(draw->stream), v_widen(draw->low),
               v_widen(draw->high)};
    uint32_t key0 = draw->key[0], key1 = draw->key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        philox_round(c, v_wset1(key0), v_wset1(key1));
        key0 += PHILOX_WEYL_0;
        key1 += PHILOX_WEYL_1;
    }
    narrow_words(c, word);
    draw_advance(draw);
}

/* sqrt(-2 ln u). u = 2^e m with m in [sqrt(1/2), sqrt(2)); f = 2 - 2 m, exactly, and then
 * -2 ln u = -2 ln 2 e + f + f^2 q(f). q has degree 7; 1.9e-8 relative to the sum. */
VERB vf normal_radius(vi word)
{
    /* The bits of sqrt(1/2), and of a factor of 2. */
    const uint32_t half = 0x3F3504F3u, octave = 1u << 23;
    vf u = v_add(v_from_int(v_ishr(word, 1)), v_set1(0.5f)); /* 2^31 u */
    vi bits = v_isub(v_bits(u), v_iset1(half + 31 * octave));
    vf e = v_from_int(v_isar(bits, 23));
    vi fraction = v_iand(bits, v_iset1(octave - 1));
    vf f = v_sub(v_set1(2.0f), v_from_bits(v_iadd(fraction, v_iset1(half + octave))));
    vf q = v_set1(0x1.7690cep-12f);
    q = v_fma(q, f, v_set1(0x1.2cb15cp-10f));
    q = v_fma(q, f, v_set1(0x1.316d36p-9f));
    q = v_fma(q, f, v_set1(0x1.51fbc6p-8f));
    q = v_fma(q, f, v_set1(0x1.98b5d0p-7f));
    q = v_fma(q, f, v_set1(0x1.000efep-5f));
    q = v_fma(q, f, v_set1(0x1.555798p-4f));
    q = v_fma(q, f, v_set1(0x1.ffffc8p-3f));
    vf sum = v_fma(e, v_set1(-0x1.62e430p+0f), f);
    return v_sqrt(v_fma(v_mul(f, f), q, sum));
}

/* The angle is phi in [-pi/2, pi/2) plus a multiple of pi, which becomes the sign of r. With half
 * of phi, pi/4 h, and s = sqrt(2) sin(pi/4 h), c = sqrt(2) cos(pi/4 h): cos phi = 1 - s s, sin phi
 * = s c. s has degree 7 (1.8e-8 relative), c degree 6 (4.2e-8 absolute). */
VERB void normal_pair(vi a, vi b, vf *first, vf *second)
{
    vi twice = v_ishl(b, 1);
    vi sign = v_iand(v_ixor(b, twice), v_iset1(0x80000000u));
    vf r = v_from_bits(v_ixor(v_bits(normal_radius(a)), sign));
    vf h = v_mul(v_from_int(twice), v_set1(0x1p-31f));
    vf z = v_mul(h, h);
    vf s = v_set1(-0x1.ac6ea4p-15f);
    s = v_fma(s, z, v_set1(0x1.cd9bbep-9f));
    s = v_fma(s, z, v_set1(-0x1.d3ba72p-4f));
    s = v_fma(s, z, v_set1(0x1.1c5832p+0f));
    s = v_mul(s, h);
    vf c = v_set1(-0x1.d9011cp-12f);
    c = v_fma(c, z, v_set1(0x1.6f40fap-6f));
    c = v_fma(c, z, v_set1(-0x1.bea56ap-2f));
    c = v_fma(c, z, v_set1(0x1.6a09e6p+0f));
    vf rs = v_mul(r, s);
    *first = v_fnma(rs, s, r);
    *second = v_mul(rs, c);
}

VERB void draw_normals(struct draw *draw, float *out)
{
    vi word[4];
    vf normal[4];
    draw_words(draw, word);
    normal_pair(word[0], word[1], normal, normal + 1);
    normal_pair(word[2], word[3], normal + 2, normal + 3);
    v_store_blocks(out, normal[0], normal[1], normal[2], normal[3]);
}

VERB void draw_pairs(struct draw *draw, float *out)
{
    vi word[4];
    vf normal[2];
    draw_words(draw, word);
    normal_pair(word[0], word[1], normal, normal + 1);
    v_store_pairs(out, normal[0], normal[1]);
}

/* The kernels draw whole vectors of blocks, and copy the part of the last one that is needed. */
static void normals(const struct quell_noise_at *at, size_t count, float *out)
{
    struct draw draw = draw_at(at, lane_block);
    for (; count >= LANES; count -= LANES, out += 4 * LANES) draw_normals(&draw, out);
    if (count == 0) return;
    float part[4 * LANES];
    draw_normals(&draw, part);
    memcpy(out, part, 4 * count * sizeof *out);
}

static void normal_pairs(const struct quell_noise_at *at, size_t count, float *out)
{
    struct draw draw = draw_at(at, lane_pair);
    for (; count >= LANES; count -= LANES, out += 2 * LANES) draw_pairs(&draw, out);
    if (count == 0) return;
    float part[2 * LANES];
    draw_pairs(&draw, part);
    memcpy(out, part, 2 * count * sizeof *out);
}

/* Draws blocks of rows with different seeds and samples, a few vectors at a time. The arrays have
 * the place of each lane, in words. The vectors are loaded long after their lanes were stored one
 * by one, because the processor has to wait for lanes that it has just stored. */
#define ROWS_VECTORS 16

struct rows_draw {
    const struct quell_noise_rows *at;
    size_t row;
    uint32_t block, place[LANES];
    uint32_t blocks[ROWS_VECTORS * LANES], low[ROWS_VECTORS * LANES], high[ROWS_VECTORS * LANES];
    uint32_t key[2][ROWS_VECTORS * LANES];
};

/* Begins with the first block; block i of a vector goes to the lane l with lane[l] = i. */
VERB void rows_begin(struct rows_draw *draw, const struct quell_noise_rows *at,
                     const uint32_t *lane)
{
    draw->at = at;
    draw->row = 0;
    draw->block = 0;
    for (uint32_t l = 0; l < LANES; l++) draw->place[lane[l]] = l;
}

/* Finds the next `count` blocks. The lanes after them in their last vector may have any value. */
VERB void rows_find(struct rows_draw *draw, size_t count)
{
    const struct quell_noise_rows *at = draw->at;
    size_t row = draw->row;
    uint32_t block = draw->block;
    for (size_t i = 0; i < count; i++) {
        size_t l = i / LANES * LANES + draw->place[i % LANES];
        uint64_t seed = at->seeds ? at->key ^ at->seeds[row] : at->key, sample = at->samples[row];
        draw->blocks[l] = block;
        draw->low[l] = (uint32_t)sample, draw->high[l] = (uint32_t)(sample >> 32);
        draw->key[0][l] = (uint32_t)seed, draw->key[1][l] = (uint32_t)(seed >> 32);
        int ends = ++block == at->blocks;
        row += (size_t)ends;
        block = ends ? 0 : block;
    }
    draw->row = row;
    draw->block = block;
}

/* Computes the four words of each lane of vector number v. */
VERB void rows_words(const struct rows_draw *draw, size_t v, vi word[4])
{
    size_t l = v * LANES;
    vw c[4] = {v_widen(v_iload(draw->blocks + l)), v_widen(v_iset1(draw->at->stream)),
               v_widen(v_iload(draw->low + l)), v_widen(v_iload(draw->high + l))};
    vw key0 = v_widen(v_iload(draw->key[0] + l)), key1 = v_widen(v_iload(draw->key[1] + l));
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        philox_round(c, key0, key1);
        key0 = v_wadd(key0, v_wset1(PHILOX_WEYL_0));
        key1 = v_wadd(key1, v_wset1(PHILOX_WEYL_1));
    }
    narrow_words(c, word);
}

VERB size_t least_of(size_t a, size_t b) { return a < b ? a : b; }

/* Returns whether rows fill vectors. Such rows are drawn one by one, which needs no table of
 * lanes. */
VERB int rows_are_long(const struct quell_noise_rows *at) { return at->blocks >= 2 * LANES; }

VERB struct quell_noise_at row_at(const struct quell_noise_rows *at, size_t row)
{
    uint64_t seed = at->key ^ (at->seeds ? at->seeds[row] : 0);
    return (struct quell_noise_at){seed, at->samples[row], at->stream, 0, at->blocks};
}

static void rows_normals(const struct quell_noise_rows *at, size_t count, float *out)
{
    struct rows_draw draw;
    float part[4 * LANES];
    for (size_t row = 0, n; rows_are_long(at) && count; row++, count -= n, out += 4 * n) {
        struct quell_noise_at one = row_at(at, row);
        normals(&one, n = least_of(at->blocks, count), out);
    }
    rows_begin(&draw, at, lane_block);
    for (size_t some; count; count -= some) {
        rows_find(&draw, some = least_of(count, ROWS_VECTORS * LANES));
        for (size_t v = 0, n; v * LANES < some; v++, out += 4 * n) {
            vi word[4];
            vf normal[4];
            n = least_of(some - v * LANES, LANES);
            rows_words(&draw, v, word);
            normal_pair(word[0], word[1], normal, normal + 1);
            normal_pair(word[2], word[3], normal + 2, normal + 3);
            v_store_blocks(n < LANES ? part : out, normal[0], normal[1], normal[2], normal[3]);
            if (n < LANES) memcpy(out, part, 4 * n * sizeof *out);
        }
    }
}

static void rows_normal_pairs(const struct quell_noise_rows *at, size_t count, float *out)
{
    struct rows_draw draw;
    float part[2 * LANES];
    rows_begin(&draw, at, lane_pair);
    for (size_t some; count; count -= some) {
        rows_find(&draw, some = least_of(count, ROWS_VECTORS * LANES));
        for (size_t v = 0, n; v * LANES < some; v++, out += 2 * n) {
            vi word[4];
            vf normal[2];
            n = least_of(some - v * LANES, LANES);
            rows_words(&draw, v, word);
            normal_pair(word[0], word[1], normal, normal + 1);
            v_store_pairs(n < LANES ? part : out, normal[0], normal[1]);
            if (n < LANES) memcpy(out, part, 2 * n * sizeof *out);
        }
    }
}

static void philox(const struct quell_noise_at *at, size_t count, uint32_t *words)
{
    struct draw draw = draw_at(at, lane_block);
    for (size_t done; count; count -= done, words += 4 * done) {
        vi word[4];
        float part[4 * LANES];
        done = count < LANES ? count : LANES;
        draw_words(&draw, word);
        v_store_blocks(part, v_from_bits(word[0]), v_from_bits(word[1]), v_from_bits(word[2]),
                       v_from_bits(word[3]));
        memcpy(words, part, 4 * done * sizeof *words);
    }
}
