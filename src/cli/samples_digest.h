/* SPDX-License-Identifier: MIT */
/* A digest of numbered samples. It is the sum of a digest for each sample and its number, so the
 * digest of a whole is the sum of those of its parts, no matter who drew them and in what order.
 * Ranks add up theirs, and `quell join` adds up those of its parts. */
#ifndef QUELL_CLI_SAMPLES_DIGEST_H
#define QUELL_CLI_SAMPLES_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

struct samples_digest {
    uint64_t sum;    /* of the digests of whole samples */
    uint64_t number; /* the number of the present sample */
    size_t dim;      /* values of a sample */
    size_t taken;    /* how many of them have been added to the present sample */
    struct quell_digest sample;
};

/* `first` is the number of the first sample. */
void samples_digest_begin(struct samples_digest *digest, uint64_t first, size_t dim);

/* Adds the next `count` values, which may begin or end inside a sample. */
void samples_digest_add(struct samples_digest *digest, const float *x, size_t count);

/* digest_write writes a digest as 16 hexadecimal digits, as in reports. digest_read reads one, and
 * returns -1 if the text is not one. */
#define DIGEST_TEXT 17
void digest_write(char text[DIGEST_TEXT], uint64_t digest);
int digest_read(const char *text, uint64_t *digest);

#endif
