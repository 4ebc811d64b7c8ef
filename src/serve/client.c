/* SPDX-License-Identifier: MIT */
/* Who the client is, and headers that are lists. */
#include "serve/server.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"

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
