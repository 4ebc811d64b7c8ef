/* SPDX-License-Identifier: MIT */
/* Who the client is, and how its request is framed. */
#include "serve/server.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct lines {
    const char *name;
    struct quell_text text;
};

static enum MHD_Result add_line(void *user, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct lines *lines = user;
    (void)kind;
    if (!strcasecmp(name, lines->name))
        quell_say(&lines->text, "%s%s", lines->text.length ? ", " : "", value ? value : "");
    return MHD_YES;
}

char *serve_list_of(struct serve_request *request, const char *name)
{
    struct lines lines = {name, quell_text_new(NULL, 0)};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_line, &lines);
    size_t size = lines.text.length + 1;
    char *joined = size > 1 ? quell_new(size, 1) : NULL;
    if (!joined) return NULL;
    lines.text = quell_text_new(joined, size);
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_line, &lines);
    return joined;
}

/* What was found in the headers that say where a request ends, and whom it is for. */
struct framing {
    size_t hosts, lengths, codings; /* lines of Host, Content-Length and Transfer-Encoding */
    bool chunked;                   /* Transfer-Encoding: chunked */
    bool no_number;                 /* a Content-Length is not a number */
    /* A header's name contains a character that is not allowed there: libmicrohttpd hands out
     * "Content-Length " as the name of an unknown header. */
    bool no_name;
    bool folded; /* see is_folded */
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

static enum MHD_Result count_line(void *user, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct framing *framing = user;
    (void)kind;
    if (!is_token(name)) framing->no_name = true;
    if (is_folded(name)) framing->folded = true;
    framing->hosts += !strcasecmp(name, MHD_HTTP_HEADER_HOST);
    framing->lengths += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
        (!value || !*value || value[strspn(value, "0123456789")]))
        framing->no_number = true;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) != 0) return MHD_YES;
    framing->codings++;
    framing->chunked = value && !strcasecmp(value, "chunked");
    return MHD_YES;
}

const char *serve_misframed(struct serve_request *request)
{
    struct framing framing = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_line, &framing);
    if (framing.no_name)
        return "a header's name has a space, or another character that names do not have";
    if (framing.folded)
        return "Content-Length and Transfer-Encoding: must be there as they are, each in one line";
    if (framing.no_number) return "Content-Length: must be a number, in its own line";
    if (framing.hosts > 1) return "Host: must be there once";
    if (framing.lengths + framing.codings > 1)
        return "Content-Length and Transfer-Encoding: only one of them may be there, and once";
    if (framing.codings && !framing.chunked) return "Transfer-Encoding: must be chunked";
    return NULL;
}

/* ---- The client ---- */

/* If there are trusted proxies, X-Forwarded-For is refused from everybody else. So nobody gets
 * another account by sending that header, and the operator notices a proxy that is missing in the
 * list. */
const char *serve_note_address(struct serve_request *request)
{
    static const char name[] = "X-Forwarded-For";
    const struct serve_options *options = request->server->options;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info) request->address = serve_address_of(info->client_addr);
    char *list = options->proxy_count ? serve_list_of(request, name) : NULL;
    if (!list) return NULL;
    const struct serve_address own = request->address;
    const char *wrong = NULL;
    if (!serve_networks_have(options->proxies, options->proxy_count, &own))
        wrong = "X-Forwarded-For: only a proxy that the server knows may say for whom it asks "
                "(--trusted-proxy)";
    else if (!serve_address_forwarded(options->proxies, options->proxy_count, list,
                                      &request->address))
        wrong = "X-Forwarded-For: must be a list of addresses";
    if (wrong) request->address = own;
    free(list);
    return wrong;
}

/* Of an IPv6 address, only the first half identifies the client, who can choose the other half
 * freely. */
uint64_t serve_client_of(const struct serve_request *request)
{
    const struct serve_address *address = &request->address;
    struct quell_digest digest;
    if (request->guarded) return request->token;
    quell_digest_begin(&digest);
    quell_digest_add(&digest, address->bytes, address->size == 16 ? 8 : address->size);
    return quell_digest_end(&digest);
}
