/* SPDX-License-Identifier: MIT */
/* A digest of bytes, XXH64 with seed 0 (Collet, xxHash). It runs at the speed of memory; with 64
 * bits, two files that differ by chance or by an edit have different digests. It does not protect
 * against somebody who wants them to be equal. */
#ifndef QUELL_BASE_DIGEST_H
#define QUELL_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct quell_digest {
    uint64_t lane[4], total;
    unsigned char rest[32]; /* total % 32 bytes that are not in the lanes yet */
};

void quell_digest_begin(struct quell_digest *digest);
void quell_digest_add(struct quell_digest *digest, const void *data, size_t bytes);
uint64_t quell_digest_end(const struct quell_digest *digest);

/* Add numbers and texts one by one, never a whole struct: its padding bytes may hold anything. A
 * text is added with its final 0. */
void quell_digest_text(struct quell_digest *digest, const char *text);
void quell_digest_whole(struct quell_digest *digest, uint64_t value);
void quell_digest_number(struct quell_digest *digest, double value);
void quell_digest_floats(struct quell_digest *digest, const float *values, size_t count);
void quell_digest_doubles(struct quell_digest *digest, const double *values, size_t count);
void quell_digest_sizes(struct quell_digest *digest, const size_t *values, size_t count);

#endif
