/* SPDX-License-Identifier: MIT */
/* The callbacks of libmicrohttpd for connections and requests. */
#include "serve/server.h"
#include "base/memory.h"
#include "queue/queue.h"
#include "serve/events.h"
#include "serve/headers.h"
#include "serve/stream.h"

#include <stdlib.h>
#include <string.h>

#define SPARE 64 /* connections that may exceed the limit until others have been ended */

/* Returns what the server records about a connection; NULL if there was no memory for it. */
static struct serve_connection *place_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *place =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return place ? place->socket_context : NULL;
}

/* Creates the request, and notes its address, when only its first line has come. If libmicrohttpd
 * refuses it after that, for too many parameters, it does not always call end_request. So the
 * connection owns the request until begin_request. */
static void *note_address(void *user, const char *uri, struct MHD_Connection *connection)
{
    struct serve_connection *place = place_of(connection);
    struct serve_request *request = place ? quell_new(1, sizeof *request) : NULL;
    if (!request) return NULL;
    request->server = user;
    request->connection = connection;
    request->place = place;
    serve_escape(request->uri, sizeof request->uri, uri);
    request->end = uri + strlen(uri);
    free(place->noted);
    place->noted = request;
    return request;
}

/* Whether the address contains a NUL. libmicrohttpd cuts it there, and what follows, which may be
 * parameters, is lost. But the version still points to its place in the same buffer: if it does not
 * directly follow the end of the address, something was cut. */
static bool is_torn(const char *end, const char *version)
{
    uintptr_t behind = (uintptr_t)version - (uintptr_t)end;
    return behind > 1 && behind < SERVE_MOST_HEAD;
}

static void begin_request(struct serve_request *request, const char *method, const char *version)
{
    struct serve_server *server = request->server;
    request->place->noted = NULL;
    request->models = serve_shelf_take(&server->shelf);
    request->torn = is_torn(request->end, version);
    request->whole =
        strcmp(version, MHD_HTTP_VERSION_1_1) != 0 || !strcmp(method, MHD_HTTP_METHOD_HEAD);
    request->began = quell_queue_now();
    atomic_fetch_add(&server->open, 1);
}

static size_t unescape(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user, (void)connection;
    return serve_unescape(text);
}

/* Called with the headers, then with each part of a body, then at the end of the body, and again
 * whenever a suspended connection has been resumed. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *size, void **context)
{
    struct serve_request *request = *context;
    (void)user, (void)connection;
    if (!request) return MHD_NO;
    if (!request->models) {
        begin_request(request, method, version);
        return serve_admit(request, url, method);
    }
    if (*size) {
        size_t more = *size;
        *size = 0;
        return serve_receive(request, body, more);
    }
    if (request->next) return request->next(request);
    serve_connection_note(&request->server->connections, request->place, SERVE_BUSY, 0);
    return serve_route(request, url, method);
}

/* Gives back what the request has taken from its client's account, except for memory. */
static void give_back(struct serve_request *request)
{
    serve_turn_end(request);
    if (request->counted) quell_account_give(request->account, QUELL_OF_REQUESTS, 1);
    if (request->samples) quell_account_give(request->account, QUELL_OF_SAMPLES, request->samples);
}

/* Whether drawing failed while the client still waited. The answer may have begun before that. */
static bool has_lost(const struct serve_drawing *drawing)
{
    return drawing && atomic_load(&drawing->lost) && !atomic_load(&drawing->abandoned);
}

static void end_request(void *user, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode how)
{
    struct serve_request *request = *context;
    struct serve_server *server = user;
    (void)connection;
    *context = NULL;
    if (!request || !request->models) return; /* it ended before all its headers had come */
    if (has_lost(request->drawing)) {
        request->code = serve_code(request->drawing->status);
    } else if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        server->gone++;
        request->code = 499; /* nginx's number for a client that has closed the connection */
    }
    server->answers[request->code % SERVE_MOST_CODE]++;
    if (request->drawn) server->seconds += quell_queue_now() - request->began;
    serve_wait_no_more(request);
    serve_log(request);
    if (request->drawing) serve_events_leave(request->drawing);
    if (request->drawing) serve_stream_leave(request->drawing);
    serve_drawing_drop(request->drawing);
    give_back(request);
    serve_connection_note(&server->connections, request->place, SERVE_WAITS, 0);
    serve_receive_end(request);
    serve_models_drop(request->models);
    quell_account_close(request->account);
    free(request);
    atomic_fetch_sub(&server->open, 1);
}

/* ---- Connections ---- */

static void notice(void *user, struct MHD_Connection *connection, void **place,
                   enum MHD_ConnectionNotificationCode what)
{
    struct serve_connections *connections = &((struct serve_server *)user)->connections;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        serve_connection_close(connections, *place);
    else
        *place = info ? serve_connection_open(connections, info->connect_fd) : NULL;
}

/* ---- The daemon ---- */

struct MHD_Daemon *serve_start_daemon(struct serve_server *server, int file, unsigned flags)
{
    const struct serve_options *options = server->options;
    const unsigned own = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(
        own | flags, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, file,
        MHD_OPTION_URI_LOG_CALLBACK, note_address, server, MHD_OPTION_NOTIFY_COMPLETED, end_request,
        server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, notice, server,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SERVE_MOST_HEAD, MHD_OPTION_CONNECTION_LIMIT, options->most_clients + SPARE,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->seconds, MHD_OPTION_END);
}
