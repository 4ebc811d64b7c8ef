/* SPDX-License-Identifier: MIT */
/* Who asks, and what the headers say. */
#include "serve/server.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"

#include <netinet/in.h>
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

/* How often there are headers whose lines say where a request ends, or whom it is for. */
struct framing {
    size_t hosts, lengths, codings;
    bool chunked;
};

static enum MHD_Result count_line(void *user, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct framing *framing = user;
    (void)kind;
    framing->hosts += !strcasecmp(name, MHD_HTTP_HEADER_HOST);
    framing->lengths += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) != 0) return MHD_YES;
    framing->codings++;
    framing->chunked = value && !strcasecmp(value, "chunked");
    return MHD_YES;
}

const char *serve_misframed(struct serve_request *request)
{
    struct framing framing = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_line, &framing);
    if (framing.hosts > 1) return "Host: must be there once";
    if (framing.lengths + framing.codings > 1)
        return "Content-Length and Transfer-Encoding: only one of them may be there, and once";
    if (framing.codings && !framing.chunked) return "Transfer-Encoding: must be chunked";
    return NULL;
}

/* The address without the port. Of IPv6 the first half: the other one is the client's own choice.
 * IPv4 within IPv6 (::ffff:a.b.c.d) is whole. */
static void add_address(struct quell_digest *digest, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)address;
        quell_digest_add(digest, &own->sin_addr, sizeof own->sin_addr);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *own =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        quell_digest_add(digest, own, IN6_IS_ADDR_V4MAPPED(own) ? sizeof *own : sizeof *own / 2);
    }
}

uint64_t serve_client_of(const struct serve_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct quell_digest digest;
    if (request->guarded) return request->token;
    quell_digest_begin(&digest);
    if (info) add_address(&digest, info->client_addr);
    return quell_digest_end(&digest);
}
