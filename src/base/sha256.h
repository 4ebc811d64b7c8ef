/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), the digest that sha256sum prints. */
#ifndef QUELL_BASE_SHA256_H
#define QUELL_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct quell_sha256 {
    uint32_t state[8];
    uint64_t total;
    unsigned char block[64]; /* total % 64 bytes that are not in the state yet */
};

void quell_sha256_begin(struct quell_sha256 *sum);
void quell_sha256_add(struct quell_sha256 *sum, const void *data, size_t bytes);

/* As 64 hexadecimal digits and '\0'. */
void quell_sha256_end(struct quell_sha256 *sum, char digits[65]);

#endif
