/* SPDX-License-Identifier: MIT */
#include "serve/token.h"
#include "base/fail.h"
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEAST 16 /* the least and the most characters of a token */
#define MOST 512

static void digest_of(const char *token, size_t length, char digest[65])
{
    struct quell_sha256 sum;
    quell_sha256_begin(&sum);
    quell_sha256_add(&sum, token, length);
    quell_sha256_end(&sum, digest);
}

/* Takes a line of the file. Empty lines, and lines that begin with #, are skipped. */
static quell_status take_line(struct serve_tokens *tokens, const char *path, char *line)
{
    size_t length = strcspn(line, "\r\n");
    line[length] = '\0';
    if (!length || *line == '#') return QUELL_OK;
    for (size_t i = 0; i < length; i++)
        if (line[i] <= ' ' || line[i] > '~') length = 0;
    if (length < LEAST || length > MOST)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "%s: a token must be a line of %d to %d letters, without spaces: as "
                          "`openssl rand -hex 32` prints",
                          path, LEAST, MOST);
    if (tokens->count == SERVE_MOST_TOKENS)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: has more than %d tokens", path,
                          SERVE_MOST_TOKENS);
    digest_of(line, length, tokens->digests[tokens->count++]);
    return QUELL_OK;
}

quell_status serve_tokens_read(struct serve_tokens *tokens, const char *path)
{
    char *line = NULL; /* a whole line of any length, so that no part of a comment is a token */
    size_t room = 0;
    quell_status status = QUELL_OK;
    tokens->count = 0;
    FILE *file = fopen(path, "re");
    if (!file) return quell_fail_file(path, "cannot be read");
    while (!status && getline(&line, &room, file) >= 0) status = take_line(tokens, path, line);
    if (!status && ferror(file)) status = quell_fail_file(path, "cannot be read");
    fclose(file);
    free(line);
    if (!status && !tokens->count)
        status = quell_fail(QUELL_BAD_ARGUMENT, "%s: has no token in it", path);
    return status;
}

/* Makes a number of the first characters of a digest. */
static uint64_t number_of(const char digest[65])
{
    uint64_t number;
    memcpy(&number, digest, sizeof number);
    return number;
}

bool serve_tokens_allow(const struct serve_tokens *tokens, const char *authorization,
                        uint64_t *number)
{
    static const char scheme[] = "Bearer ";
    char digest[65];
    unsigned found = 0;
    if (!tokens->count) return true;
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) return false;
    const char *token = authorization + sizeof scheme - 1;
    token += strspn(token, " ");
    digest_of(token, strlen(token), digest);
    *number = number_of(digest);
    for (size_t i = 0; i < tokens->count; i++) {
        unsigned other = 0;
        for (size_t k = 0; k < 64; k++) other |= (unsigned)(digest[k] ^ tokens->digests[i][k]);
        found |= !other;
    }
    return found;
}
