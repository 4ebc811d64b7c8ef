/* SPDX-License-Identifier: MIT */
/* The noise, number by number: Philox against published vectors, the normals against the formula in
 * double, and that any part of it can be drawn alone. test_noise_law.c compares it with the normal
 * law. */
#include "harness.h"
#include "isas.h"
#include "noise_words.h"

#include <math.h>
#include <quell/noise.h>
#include <sleef.h>
#include <string.h>

/* kat_vectors of Random123 1.14, philox4x32 10. */
static const struct {
    uint32_t counter[4], key[2], words[4];
} published[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

TEST(noise, philox_published_vectors)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t i = 0; i < 3; i++) {
            const uint32_t *c = published[i].counter, *key = published[i].key;
            struct quell_noise_at at = {(uint64_t)key[1] << 32 | key[0],
                                        (uint64_t)c[3] << 32 | c[2], c[1], c[0], 0};
            uint32_t words[4];
            k->philox(&at, 1, words);
            CHECK(!memcmp(words, published[i].words, sizeof words), "%s: vector %zu: %08x %08x ...",
                  k->isa, i, words[0], words[1]);
        }
}

/* C++26 [rand.predef]: the 10000th number of a default philox4x32, whose seed is 20111115. */
TEST(noise, philox_of_the_standard)
{
    static uint32_t words[10000];
    struct quell_noise_at at = {20111115, 0, 0, 0, 2500};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        k->philox(&at, 2500, words);
        CHECK(words[9999] == 1955073260u, "%s: %u", k->isa, words[9999]);
    }
}

/* Any block of any sample, drawn alone, is what a row of them has in its place. */
static void hold_row(const struct quell_kernels *k, struct quell_noise_at at)
{
    enum { COUNT = 67 };
    uint32_t words[4 * COUNT], word[4];
    float normals[4 * COUNT], pairs[2 * COUNT], normal[4], pair[2];
    uint64_t blocks = at.blocks ? at.blocks : (uint64_t)1 << 32;
    k->philox(&at, COUNT, words);
    k->normals(&at, COUNT, normals);
    k->normal_pairs(&at, COUNT, pairs);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct quell_noise_at one = at;
        one.sample += (at.block + i) / blocks;
        one.block = (uint32_t)((at.block + i) % blocks);
        one.blocks = 0;
        quell_kernels_at(0)->philox(&one, 1, word);
        quell_kernels_at(0)->normals(&one, 1, normal);
        quell_kernels_at(0)->normal_pairs(&one, 1, pair);
        CHECK(!memcmp(word, words + 4 * i, sizeof word), "%s: words of block %u + %u of %u", k->isa,
              at.block, (unsigned)i, at.blocks);
        CHECK(!memcmp(normal, normals + 4 * i, sizeof normal) &&
                  !memcmp(pair, pairs + 2 * i, sizeof pair) && !memcmp(pair, normal, sizeof pair),
              "%s: normals of block %u + %u of %u", k->isa, at.block, (unsigned)i, at.blocks);
    }
}

TEST(noise, rows_are_blocks)
{
    static const uint32_t blocks[] = {1, 2, 3, 5, 8, 15, 16, 17, 31, 1000, 0xFFFFFFFF, 0};
    static const uint64_t samples[] = {0, 0xFFFFFFFA, 0xFFFFFFFFFFFFFFF0};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
            for (size_t s = 0; s < 3; s++)
                for (uint32_t back = 1; back <= 40; back += 13) {
                    uint32_t block = blocks[b] - 1 - (back - 1) % (blocks[b] ? blocks[b] : back);
                    hold_row(k, (struct quell_noise_at){77, samples[s], 3, block, blocks[b]});
                }
}

/* The two normals of words (a, b), in double. */
struct truth {
    double r, first, second;
};

static struct truth formula(uint32_t a, uint32_t b)
{
    double u = (double)((float)(a >> 1) + 0.5f) * 0x1p-31;
    Sleef_double2 turn = Sleef_sincospi_u05((double)b * 0x1p-31);
    double r = u < 1 ? sqrt(-2 * Sleef_log_u10(u)) : 0;
    return (struct truth){r, r * turn.y, r * turn.x};
}

/* Rows of streams of their own are what each is alone. */
static void hold_rows(const struct quell_kernels *k, struct quell_noise_rows at, size_t rows)
{
    enum { MOST = 300 };
    float normals[4 * MOST], pairs[2 * MOST], normal[4 * MOST], pair[2 * MOST];
    size_t blocks = at.blocks;
    k->rows_normals(&at, rows * blocks, normals);
    k->rows_normal_pairs(&at, rows * blocks, pairs);
    for (size_t r = 0; r < rows; r++) {
        struct quell_noise_at one = {(at.seeds ? at.seeds[r] : 0) ^ at.key, at.samples[r],
                                     at.stream, 0, at.blocks};
        quell_kernels_at(0)->normals(&one, blocks, normal);
        quell_kernels_at(0)->normal_pairs(&one, blocks, pair);
        CHECK(!memcmp(normal, normals + 4 * r * blocks, 4 * blocks * sizeof *normal) &&
                  !memcmp(pair, pairs + 2 * r * blocks, 2 * blocks * sizeof *pair),
              "%s: row %zu of %zu, of %zu blocks", k->isa, r, rows, blocks);
    }
}

TEST(noise, rows_alone)
{
    static const uint64_t seeds[] = {0, UINT64_MAX, 1, UINT64_C(1) << 32, 3, 3, 9, 8, 7,
                                     6, 5,          4, 0xffffffff,        2, 1, 0, 77};
    static const uint64_t samples[] = {
        UINT64_MAX - 1, 5, UINT64_C(1) << 32, 4, 0, 1, 2, 3, 9, 0, 1, 2, 3, 4, 5, 6, 7};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (uint32_t blocks = 1; blocks < 18; blocks++)
            for (size_t rows = 0; rows <= 17; rows += 1 + rows / 4) {
                hold_rows(k, (struct quell_noise_rows){seeds, samples, 42, 3, blocks}, rows);
                hold_rows(k, (struct quell_noise_rows){NULL, samples, 42, 0, blocks}, rows);
            }
}

/* The worst errors so far, relative to r and (where |n| > 4) in units of n's last place. */
struct errors {
    double relative, last_place;
};

static void count_error(struct errors *errors, double r, double got, double want)
{
    double error = fabs(got - want), relative = r > 0 ? error / r : error;
    if (!(relative <= errors->relative)) errors->relative = relative;
    if (fabs(want) > 4 && error * 0x1p21 > errors->last_place) errors->last_place = error * 0x1p21;
}

static void count_errors(struct errors *errors, const uint32_t *w, const float *normal)
{
    for (size_t i = 0; i < 4; i += 2) {
        struct truth truth = formula(w[i], w[i + 1]);
        count_error(errors, truth.r, (double)normal[i], truth.first);
        count_error(errors, truth.r, (double)normal[i + 1], truth.second);
    }
}

/* Words near every power of two and every eighth of a turn, and others between. */
static size_t edge_words(uint32_t *words)
{
    size_t count = 0;
    for (uint32_t bit = 0; bit < 32; bit++)
        for (uint32_t d = 0; d < 5; d++) words[count++] = (1u << bit) + d - 2;
    for (uint32_t eighth = 0; eighth < 8; eighth++)
        for (uint32_t d = 0; d < 5; d++) words[count++] = (eighth << 29) + d - 2;
    for (uint32_t i = 0; i < 56; i++) words[count++] = i * 0x9E3779B9u >> i % 32;
    return count;
}

/* All pairs of edge words, put there by the counter that Philox sends to them. */
TEST(noise, normals_of_chosen_words)
{
    uint32_t edges[512];
    size_t count = edge_words(edges);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        struct errors errors = {0, 0};
        for (size_t i = 0; i < count * count; i++) {
            uint32_t a = edges[i / count], b = edges[i % count], got[4];
            const uint32_t words[4] = {a, b, b, a};
            struct quell_noise_at at = noise_at_words(42, words);
            float normal[4];
            k->philox(&at, 1, got);
            CHECK(!memcmp(got, words, sizeof got), "%s: Philox is not undone", k->isa);
            k->normals(&at, 1, normal);
            count_errors(&errors, words, normal);
        }
        CHECK(errors.relative < 3.8e-7 && errors.last_place < 4.5, "%s: %g r, %g ulp", k->isa,
              errors.relative, errors.last_place);
    }
}

TEST(noise, normals_of_many_words)
{
    enum { BLOCKS = 5000 };
    static uint32_t words[4 * BLOCKS];
    static float normal[4 * BLOCKS];
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        struct errors errors = {0, 0};
        for (uint64_t sample = 0; sample < 20; sample++) {
            struct quell_noise_at at = {1, sample, 0, 0, BLOCKS};
            k->philox(&at, BLOCKS, words);
            k->normals(&at, BLOCKS, normal);
            for (size_t i = 0; i < 4 * BLOCKS; i += 4) count_errors(&errors, words + i, normal + i);
        }
        CHECK(errors.relative < 3.8e-7 && errors.last_place < 4.5, "%s: %g r, %g ulp", k->isa,
              errors.relative, errors.last_place);
    }
}

/* The largest normal there is, and the smallest radius. */
TEST(noise, range)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        const uint32_t words[4] = {0, 0, 0xFFFFFFFF, 0x80000000};
        struct quell_noise_at at = noise_at_words(42, words);
        float normal[4];
        k->normals(&at, 1, normal);
        CHECK(normal[0] > 6.6604f && normal[0] < 6.6605f && normal[1] == 0, "%s: %g %g", k->isa,
              (double)normal[0], (double)normal[1]);
        CHECK(normal[2] == 0 && normal[3] == 0, "%s: %g %g", k->isa, (double)normal[2],
              (double)normal[3]);
    }
}

TEST(noise, any_part_alone)
{
    enum { WHOLE = 120 };
    float whole[WHOLE], part[WHOLE];
    const uint64_t seed = 11, sample = 0x100000001, base = 1000;
    struct quell_noise_at at = {seed, sample, 5, (uint32_t)(base / 4), 0};
    quell_kernels_at(0)->normals(&at, WHOLE / 4, whole);
    for (size_t begin = 0; begin < 40; begin++)
        for (size_t count = 0; begin + count <= WHOLE; count += 1 + count / 8) {
            CHECK(!quell_noise(seed, 5, sample, base + begin, count, part), "refused");
            CHECK(!memcmp(part, whole + begin, count * sizeof *part), "elements %zu + %zu", begin,
                  count);
        }
}
