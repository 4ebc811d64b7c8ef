/* SPDX-License-Identifier: MIT */
#include "serve/multipart.h"
#include "base/fail.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MOST_BOUNDARY 70 /* RFC 2046, 5.1.1 */
#define MOST_PARTS 256

/* The rest of a body. */
struct rest {
    const char *at, *end;
};

static quell_status bad(const char *reason)
{
    return quell_fail(QUELL_BAD_ARGUMENT, "the body is not multipart/form-data: %s", reason);
}

/* Reads the parameter NAME=TOKEN or NAME="TEXT" of a header. Returns whether it is there and its
 * value fits. */
static bool find_parameter(const char *header, size_t length, const char *name, char *value,
                           size_t room)
{
    size_t size = strlen(name), used = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (header[i] == '"') quoted = !quoted;
        if (quoted && header[i] == '\\') i++;
        if (quoted || i >= length || header[i] != ';') continue;
        size_t at = i + 1;
        while (at < length && (header[at] == ' ' || header[at] == '\t')) at++;
        if (length - at <= size || strncasecmp(header + at, name, size) != 0 ||
            header[at + size] != '=')
            continue;
        at += size + 1;
        bool quotes = at < length && header[at] == '"';
        at += quotes;
        for (; at < length && used + 1 < room; at++) {
            if (quotes ? header[at] == '"' : strchr("; \t", header[at]) != NULL) break;
            if (quotes && header[at] == '\\' && at + 1 < length) at++;
            value[used++] = header[at];
        }
        value[used] = '\0';
        return used && strlen(value) == used && (at == length || used + 1 < room);
    }
    return false;
}

/* Takes a line from the body, without its line end. */
static bool take_line(struct rest *rest, const char **line, size_t *length)
{
    const char *end = memmem(rest->at, (size_t)(rest->end - rest->at), "\r\n", 2);
    if (!end) return false;
    *line = rest->at;
    *length = (size_t)(end - rest->at);
    rest->at = end + 2;
    return true;
}

/* Takes the header lines of a part, of which only the one with its name matters. */
static bool take_head(struct rest *rest, struct serve_part *part)
{
    static const char header[] = "Content-Disposition:";
    const char *line;
    size_t length;
    part->name[0] = '\0';
    for (;;) {
        if (!take_line(rest, &line, &length)) return false;
        if (!length) return part->name[0];
        if (length < sizeof header || strncasecmp(line, header, sizeof header - 1) != 0) continue;
        if (!find_parameter(line, length, "name", part->name, sizeof part->name)) return false;
    }
}

quell_status serve_multipart(const char *type, const char *body, size_t size, serve_part_fn *take,
                             void *user)
{
    char mark[MOST_BOUNDARY + 8] = "\r\n--";
    if (!find_parameter(type, strlen(type), "boundary", mark + 4, MOST_BOUNDARY + 1))
        return bad("its type has no boundary");
    size_t length = strlen(mark);
    struct rest rest = {body, body + size};
    if (size >= length - 2 && !memcmp(body, mark + 2, length - 2))
        rest.at += length - 2;
    else if ((rest.at = memmem(body, size, mark, length)))
        rest.at += length;
    else
        return bad("its boundary is not there");
    for (size_t parts = 0; parts < MOST_PARTS; parts++) {
        struct serve_part part;
        if (rest.end - rest.at >= 2 && !memcmp(rest.at, "--", 2)) return QUELL_OK;
        while (rest.at < rest.end && (*rest.at == ' ' || *rest.at == '\t')) rest.at++;
        if (rest.end - rest.at < 2 || memcmp(rest.at, "\r\n", 2) != 0)
            return bad("a boundary is followed by something else");
        rest.at += 2;
        if (!take_head(&rest, &part)) return bad("a part has no name, or one that is too long");
        part.bytes = rest.at;
        const char *end = memmem(rest.at, (size_t)(rest.end - rest.at), mark, length);
        if (!end) return bad("it ends within a part");
        part.size = (size_t)(end - rest.at);
        quell_status status = take(user, &part);
        if (status) return status;
        rest.at = end + length;
    }
    return bad("it has more than 256 parts");
}
