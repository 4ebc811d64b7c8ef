/* SPDX-License-Identifier: MIT */
/* A digest of samples by their numbers. It is the sum of a digest of each sample: the digest of a
 * whole is the sum of those of its parts, whoever drew them and in whatever order. Ranks add up
 * theirs, and `quell join` those of its parts. */
#ifndef QUELL_CLI_SAMPLES_DIGEST_H
#define QUELL_CLI_SAMPLES_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

/* number: the number of the next sample, of which `taken` of its `dim` values have been added. */
struct samples_digest {
    uint64_t sum, number;
    size_t dim, taken;
    struct quell_digest sample;
};

/* first: the number of the first sample. */
void samples_digest_begin(struct samples_digest *digest, uint64_t first, size_t dim);

/* Adds the next `count` values, which may begin or end inside a sample. */
void samples_digest_add(struct samples_digest *digest, const float *x, size_t count);

/* The first writes a digest as 16 hexadecimal digits, as in reports; the second reads one, and
 * returns -1 if it is not one. */
#define DIGEST_TEXT 17
void digest_write(char text[DIGEST_TEXT], uint64_t digest);
int digest_read(const char *text, uint64_t *digest);

#endif
