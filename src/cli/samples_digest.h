/* SPDX-License-Identifier: MIT */
/* A digest of samples by their numbers in the stream. It is the sum of a digest for each sample, so
 * that of a whole is the sum of those of its parts, whoever drew them and in whatever order: ranks
 * add theirs up, and `quell join` those of its parts. */
#ifndef QUELL_CLI_SAMPLES_DIGEST_H
#define QUELL_CLI_SAMPLES_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

/* number: of the sample that comes next, or has come in part: `taken` of its `dim` values. */
struct samples_digest {
    uint64_t sum, number;
    size_t dim, taken;
    struct quell_digest sample;
};

/* first: the number of the first sample. */
void samples_digest_begin(struct samples_digest *digest, uint64_t first, size_t dim);

/* Adds the next values, `count` of them, which may be parts of samples. */
void samples_digest_add(struct samples_digest *digest, const float *x, size_t count);

/* A digest as reports have it, 16 hexadecimal digits; and read from one: -1, if it is none. */
#define DIGEST_TEXT 17
void digest_write(char text[DIGEST_TEXT], uint64_t digest);
int digest_read(const char *text, uint64_t *digest);

#endif
