/* SPDX-License-Identifier: MIT */
/* Tokens: who has one of them may ask (RFC 6750). */
#ifndef QUELL_SERVE_TOKEN_H
#define QUELL_SERVE_TOKEN_H

#include <quell/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVE_MOST_TOKENS 64

/* Their digests: the tokens themselves are not kept. */
struct serve_tokens {
    size_t count;
    char digests[SERVE_MOST_TOKENS][65];
};

/* Reads a file with a token on each line. Fails with QUELL_IO_FAILED or QUELL_BAD_ARGUMENT. */
quell_status serve_tokens_read(struct serve_tokens *tokens, const char *path);

/* Whether an Authorization header (NULL: there is none) has one of them. How long this takes does
 * not depend on which letters are right. *number is one of the token's own then. */
bool serve_tokens_allow(const struct serve_tokens *tokens, const char *authorization,
                        uint64_t *number);

#endif
