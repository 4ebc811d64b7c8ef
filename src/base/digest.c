/* SPDX-License-Identifier: MIT */
/* https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, "XXH64 algorithm description".
 * Machines are little-endian here, as the files are. */
#include "base/digest.h"

#include <string.h>

#define P1 0x9E3779B185EBCA87u
#define P2 0xC2B2AE3D27D4EB4Fu
#define P3 0x165667B19E3779F9u
#define P4 0x85EBCA77C2B2AE63u
#define P5 0x27D4EB2F165667C5u

#define STRIPE 32

static uint64_t turn(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static uint64_t word_at(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t round_of(uint64_t lane, uint64_t word) { return turn(lane + word * P2, 31) * P1; }

void quell_digest_begin(struct quell_digest *digest)
{
    *digest = (struct quell_digest){.lane = {P1 + P2, P2, 0, 0 - P1}};
}

static void take_stripes(struct quell_digest *digest, const unsigned char *at, size_t stripes)
{
    uint64_t a = digest->lane[0], b = digest->lane[1], c = digest->lane[2], d = digest->lane[3];
    for (; stripes; stripes--, at += STRIPE) {
        a = round_of(a, word_at(at));
        b = round_of(b, word_at(at + 8));
        c = round_of(c, word_at(at + 16));
        d = round_of(d, word_at(at + 24));
    }
    digest->lane[0] = a, digest->lane[1] = b, digest->lane[2] = c, digest->lane[3] = d;
}

void quell_digest_add(struct quell_digest *digest, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    size_t held = digest->total % STRIPE, room = STRIPE - held;
    digest->total += bytes;
    if (held && bytes >= room) {
        memcpy(digest->rest + held, at, room);
        take_stripes(digest, digest->rest, 1);
        at += room, bytes -= room, held = 0;
    }
    if (!held) {
        take_stripes(digest, at, bytes / STRIPE);
        at += bytes / STRIPE * STRIPE, bytes %= STRIPE;
    }
    memcpy(digest->rest + held, at, bytes);
}

static uint64_t merge(uint64_t sum, uint64_t lane) { return (sum ^ round_of(0, lane)) * P1 + P4; }

static uint64_t take_rest(uint64_t sum, const unsigned char *at, size_t bytes)
{
    for (; bytes >= 8; at += 8, bytes -= 8)
        sum = turn(sum ^ round_of(0, word_at(at)), 27) * P1 + P4;
    if (bytes >= 4) {
        uint32_t half;
        memcpy(&half, at, sizeof half);
        sum = turn(sum ^ half * P1, 23) * P2 + P3;
        at += 4, bytes -= 4;
    }
    for (; bytes; at++, bytes--) sum = turn(sum ^ *at * P5, 11) * P1;
    return sum;
}

uint64_t quell_digest_end(const struct quell_digest *digest)
{
    const uint64_t *lane = digest->lane;
    uint64_t sum = P5;
    if (digest->total >= STRIPE) {
        sum = turn(lane[0], 1) + turn(lane[1], 7) + turn(lane[2], 12) + turn(lane[3], 18);
        for (int i = 0; i < 4; i++) sum = merge(sum, lane[i]);
    }
    sum = take_rest(sum + digest->total, digest->rest, digest->total % STRIPE);
    sum = (sum ^ sum >> 33) * P2;
    sum = (sum ^ sum >> 29) * P3;
    return sum ^ sum >> 32;
}

void quell_digest_text(struct quell_digest *digest, const char *text)
{
    quell_digest_add(digest, text, strlen(text) + 1);
}

void quell_digest_whole(struct quell_digest *digest, uint64_t value)
{
    quell_digest_add(digest, &value, sizeof value);
}

void quell_digest_number(struct quell_digest *digest, double value)
{
    quell_digest_add(digest, &value, sizeof value);
}

void quell_digest_floats(struct quell_digest *digest, const float *values, size_t count)
{
    quell_digest_add(digest, values, count * sizeof *values);
}

void quell_digest_doubles(struct quell_digest *digest, const double *values, size_t count)
{
    quell_digest_add(digest, values, count * sizeof *values);
}

void quell_digest_sizes(struct quell_digest *digest, const size_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) quell_digest_whole(digest, values[i]);
}
