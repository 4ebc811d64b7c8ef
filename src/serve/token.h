/* SPDX-License-Identifier: MIT */
/* Bearer tokens, one of which a client must send (RFC 6750). */
#ifndef QUELL_SERVE_TOKEN_H
#define QUELL_SERVE_TOKEN_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVE_MOST_TOKENS 64

/* The SHA-256 digests of the tokens, in hexadecimal; the tokens themselves are not kept. */
struct serve_tokens {
    size_t count;
    char digests[SERVE_MOST_TOKENS][65];
};

/* Reads a file with one token per line. Fails with QUELL_IO_FAILED or QUELL_BAD_ARGUMENT. */
quell_status serve_tokens_read(struct serve_tokens *tokens, const char *path);

/* Whether an Authorization header (NULL: there is none) contains one of the tokens. The time that
 * this takes does not depend on which characters are right. If it does, *number is a number that
 * only this token has. */
bool serve_tokens_allow(const struct serve_tokens *tokens, const char *authorization,
                        uint64_t *number);

#endif
