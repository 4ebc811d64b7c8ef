/* SPDX-License-Identifier: MIT */
/* Headers that two servers could read in two ways: where a request ends, whom it is for, and what
 * its body is. Such requests are refused. */
#include "serve/server.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Headers that must not have more than one line: of several, only the first would be read. */
static const char *const single[] = {MHD_HTTP_HEADER_HOST, MHD_HTTP_HEADER_CONTENT_TYPE,
                                     MHD_HTTP_HEADER_CONTENT_ENCODING,
                                     MHD_HTTP_HEADER_AUTHORIZATION};

#define SINGLE (sizeof single / sizeof *single)

/* What was found in the headers that say where a request ends, whom it is for and what its body
 * is. */
struct framing {
    size_t seen[SINGLE]; /* lines of each header of `single` */
    size_t lengths;      /* lines of Content-Length */
    size_t codings;      /* lines of Transfer-Encoding */
    bool chunked;        /* Transfer-Encoding: chunked */
    bool no_number;      /* a Content-Length is not a number */
    /* A header's name contains a character that is not allowed there: libmicrohttpd hands out
     * "Content-Length " as the name of an unknown header. */
    bool no_name;
    bool folded;     /* see is_folded */
    bool torn;       /* see is_torn */
    const char *end; /* the end of the last value that was read */
};

/* Whether a text is a token (RFC 9110, 5.6.2). */
static bool is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    const char *at = text;
    while (isalnum((unsigned char)*at) || (*at && strchr(others, *at))) at++;
    return at > text && !*at;
}

/* Whether a name begins with Content-Length or Transfer-Encoding, but is longer. libmicrohttpd
 * appends a folded line to the name of its header ("Content-Length34"), which it then no longer
 * knows. */
static bool is_folded(const char *name)
{
    static const char length[] = MHD_HTTP_HEADER_CONTENT_LENGTH;
    static const char coding[] = MHD_HTTP_HEADER_TRANSFER_ENCODING;
    return (!strncasecmp(name, length, sizeof length - 1) && name[sizeof length - 1]) ||
           (!strncasecmp(name, coding, sizeof coding - 1) && name[sizeof coding - 1]);
}

/* Whether a value, which ends at `end`, has a NUL in it. libmicrohttpd before 1.0 hands out what is
 * before the NUL, but keeps the lines in memory as they were received. So the next line, at `next`,
 * must begin right behind the line's end, which has at most `ends` characters; if it begins later,
 * a part of the value was not handed out. (From 1.0 on libmicrohttpd refuses a NUL itself, and
 * removes spaces from the end of a line, so that there may be a gap.) */
static bool is_torn(const char *end, const char *next, size_t ends)
{
    uintptr_t behind = (uintptr_t)next - (uintptr_t)end;
    return *MHD_get_version() == '0' && behind > ends && behind < SERVE_MOST_HEAD;
}

static enum MHD_Result count_line(void *user, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct framing *framing = user;
    (void)kind;
    if (!value) value = "";
    if (framing->end && is_torn(framing->end, name, 2)) framing->torn = true;
    framing->end = value + strlen(value);
    if (!is_token(name)) framing->no_name = true;
    if (is_folded(name)) framing->folded = true;
    for (size_t i = 0; i < SINGLE; i++) framing->seen[i] += !strcasecmp(name, single[i]);
    framing->lengths += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
        (!*value || value[strspn(value, "0123456789")]))
        framing->no_number = true;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) != 0) return MHD_YES;
    framing->codings++;
    framing->chunked = !strcasecmp(value, "chunked");
    return MHD_YES;
}

/* Checks the last line, which is followed by the empty line at the end of the head. The head begins
 * at `method`. */
static bool is_torn_at_end(const struct serve_request *request, const char *end, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info && end && is_torn(end, method + info->header_size, 4);
}

/* Returns the message for a header that was sent twice but may be sent only once; NULL if there is
 * none. */
static const char *twice(const struct framing *framing)
{
    static const char *const wrong[SINGLE] = {
        "Host: must be there once", "Content-Type: must be there once",
        "Content-Encoding: must be there once", "Authorization: must be there once"};
    for (size_t i = 0; i < SINGLE; i++)
        if (framing->seen[i] > 1) return wrong[i];
    return NULL;
}

const char *serve_misframed(struct serve_request *request, const char *method)
{
    struct framing framing = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_line, &framing);
    if (framing.no_name)
        return "a header's name has a space, or another character that names do not have";
    if (framing.folded)
        return "Content-Length and Transfer-Encoding: must be there as they are, each in one line";
    if (framing.torn || is_torn_at_end(request, framing.end, method))
        return "a header has a NUL in it, or goes on in a second line";
    if (framing.no_number) return "Content-Length: must be a number, in its own line";
    const char *wrong = twice(&framing);
    if (wrong) return wrong;
    if (framing.lengths + framing.codings > 1)
        return "Content-Length and Transfer-Encoding: only one of them may be there, and once";
    if (framing.codings && !framing.chunked) return "Transfer-Encoding: must be chunked";
    return NULL;
}
