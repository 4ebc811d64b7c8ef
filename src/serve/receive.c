/* SPDX-License-Identifier: MIT */
/* Receives the bodies of requests, and charges the client's account for the memory. */
#include "serve/body.h"
#include "serve/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEAST_ROOM 65536
#define MOST_DROPPED \
    ((size_t)16 << 20) /* the most bytes of a refused body that are read and thrown away */

static bool hold(struct serve_request *request, size_t bytes)
{
    bool held = quell_account_take(request->account, QUELL_OF_MEMORY, bytes);
    if (held) request->held += bytes;
    return held;
}

enum MHD_Result serve_say_held(struct serve_request *request)
{
    static const struct serve_header later[] = {{"Retry-After", "1"}, {0}};
    return serve_say(
        request, MHD_HTTP_SERVICE_UNAVAILABLE,
        "the memory that requests of this client may take is used up: ask for less, or "
        "again later",
        later);
}

static enum MHD_Result say_too_long(struct serve_request *request)
{
    char line[100];
    snprintf(line, sizeof line, "the body must have at most %zu bytes",
             request->server->options->most_bytes);
    return serve_say(request, MHD_HTTP_CONTENT_TOO_LARGE, line, NULL);
}

/* The length of the body that the client announces; 0 if it announces none. SIZE_MAX stands for a
 * body without a length, or with one that is not a number. */
static size_t announced(struct serve_request *request)
{
    const char *text = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!text && !MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                              MHD_HTTP_HEADER_TRANSFER_ENCODING))
        return 0;
    if (!text || !*text || strspn(text, "0123456789") != strlen(text)) return SIZE_MAX;
    errno = 0;
    unsigned long long length = strtoull(text, NULL, 10);
    return errno ? SIZE_MAX - 1 : (size_t)length;
}

/* Makes room for `size` bytes of a body and a NUL. */
static bool make_room(struct serve_request *request, size_t size)
{
    struct serve_received *body = &request->body;
    if (size < body->room) return true;
    size_t room = size < LEAST_ROOM ? LEAST_ROOM : size + 1;
    if (!hold(request, room - body->room)) return false;
    char *bytes = realloc(body->bytes, room);
    if (!bytes) return false;
    body->bytes = bytes;
    body->room = room;
    return true;
}

bool serve_receives(struct serve_request *request) { return announced(request); }

/* Whether a body is compressed, or encoded in another way. */
static bool is_coded(struct serve_request *request)
{
    const char *coding = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_ENCODING);
    return coding && strcasecmp(coding, "identity") != 0;
}

enum MHD_Result serve_receive_begin(struct serve_request *request)
{
    static const struct serve_header plain[] = {{"Accept-Encoding", "identity"}, {0}};
    size_t length = announced(request), most = request->server->options->most_bytes;
    request->type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                MHD_HTTP_HEADER_CONTENT_TYPE);
    if (length != SIZE_MAX && length > most) return say_too_long(request);
    if ((length == SIZE_MAX || length) && !serve_body_readable(request->type))
        return serve_say(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                         "the body must be " SERVE_BODY_TYPES, NULL);
    if (length && is_coded(request))
        return serve_say(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                         "Content-Encoding: a body is read as it is: send it uncompressed", plain);
    if (length != SIZE_MAX && length && !make_room(request, length)) return serve_say_held(request);
    return MHD_YES;
}

/* Throws away a part of a body that was refused. It must be read nevertheless, up to a limit,
 * because libmicrohttpd sends the answer after the body. */
static enum MHD_Result drop(struct serve_request *request, size_t size)
{
    struct serve_received *body = &request->body;
    body->dropped += size;
    return body->dropped > MOST_DROPPED ? MHD_NO : MHD_YES;
}

enum MHD_Result serve_receive(struct serve_request *request, const char *bytes, size_t size)
{
    struct serve_received *body = &request->body;
    if (!request->posted || body->too_long) return drop(request, size);
    size_t most = request->server->options->most_bytes;
    size_t wanted = body->size + size, doubled = 2 * body->room;
    if (wanted > most || !make_room(request, wanted < body->room ? wanted
                                             : doubled > wanted  ? doubled
                                                                 : wanted)) {
        body->too_long = true;
        return drop(request, size);
    }
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
    body->bytes[body->size] = '\0';
    return MHD_YES;
}

void serve_receive_end(struct serve_request *request)
{
    free(request->body.bytes);
    if (request->account) quell_account_give(request->account, QUELL_OF_MEMORY, request->held);
}
