/* SPDX-License-Identifier: MIT */
#include "serve/server.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum MHD_Result serve_answer(struct serve_request *request, unsigned code, const char *type,
                             char *bytes, size_t size, const struct serve_header *headers)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(bytes);
        return MHD_NO;
    }
    return serve_respond(request, code, type, response, size, headers);
}

/* An answer without a Cache-Control header gets "no-store". A cache may otherwise guess how long to
 * keep a refusal, or the answer that the server is ready (RFC 9111, 4.2.2). */
enum MHD_Result serve_respond(struct serve_request *request, unsigned code, const char *type,
                              struct MHD_Response *response, size_t size,
                              const struct serve_header *headers)
{
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Server", "quell");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (atomic_load(&request->server->draining))
        MHD_add_response_header(response, "Connection", "close");
    bool kept = false;
    for (; headers && headers->name; headers++) {
        MHD_add_response_header(response, headers->name, headers->value);
        kept = kept || !strcmp(headers->name, "Cache-Control");
    }
    if (!kept) MHD_add_response_header(response, "Cache-Control", "no-store");
    request->code = code;
    request->bytes = size;
    serve_connection_note(&request->server->connections, request->place, SERVE_TAKES,
                          serve_connection_taking(size));
    enum MHD_Result result = MHD_queue_response(request->connection, code, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result serve_say(struct serve_request *request, unsigned code, const char *line,
                          const struct serve_header *headers)
{
    size_t length = strlen(line);
    char *text = malloc(length + 2);
    if (!text) return MHD_NO;
    memcpy(text, line, length);
    memcpy(text + length, "\n", 2);
    return serve_answer(request, code, "text/plain; charset=utf-8", text, length + 1, headers);
}

unsigned serve_code(quell_status status)
{
    switch (status) {
    case QUELL_BAD_ARGUMENT:
    case QUELL_NOT_FOUND:
    case QUELL_UNSUPPORTED:
        return MHD_HTTP_BAD_REQUEST;
    case QUELL_BUSY:
        return MHD_HTTP_TOO_MANY_REQUESTS;
    case QUELL_STOPPED:
    case QUELL_NO_MEMORY:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    default:
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

enum MHD_Result serve_refuse(struct serve_request *request, quell_status status, const char *line)
{
    static const struct serve_header later[] = {{"Retry-After", "1"}, {0}};
    unsigned code = serve_code(status);
    bool again = code == MHD_HTTP_TOO_MANY_REQUESTS || code == MHD_HTTP_SERVICE_UNAVAILABLE;
    return serve_say(request, code, line, again ? later : NULL);
}
