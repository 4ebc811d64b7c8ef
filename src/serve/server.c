/* SPDX-License-Identifier: MIT */
/* The life of the server: it listens, looks after clients that have gone, and lets requests end
 * when it is stopped. */
#include "serve/server.h"
#include "serve/events.h"
#include "serve/headers.h"
#include "serve/listen.h"
#include "serve/notify.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "queue/queue.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOK 100000000 /* nanoseconds between two looks for clients that have gone */
#define MEMORY 131072  /* bytes for the lines of a request; who sends more is not answered */
#define SPARE 64       /* connections beyond those that there may be, until one is ended */
#define FLUSH 2        /* seconds that answers have to be sent, once the queue has ended */

/* ---- Requests ---- */

/* Adds a parameter to the address, as the log shows it. */
static enum MHD_Result add_parameter(void *user, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct quell_text *text = user;
    (void)kind;
    quell_say(text, "%c%s%s%s", memchr(text->buffer, '?', text->length) ? '&' : '?', name,
              value ? "=" : "", value ? value : "");
    return text->length < text->size ? MHD_YES : MHD_NO;
}

/* Whoever has a request here is sure to be told of its end (end_request). */
static struct serve_request *begin_request(struct serve_server *server,
                                           struct MHD_Connection *connection, const char *url)
{
    struct serve_request *request = quell_new(1, sizeof *request);
    if (!request) return NULL;
    struct quell_text uri = quell_text_new(request->uri, sizeof request->uri);
    quell_say(&uri, "%s", url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_parameter, &uri);
    request->server = server;
    request->connection = connection;
    const union MHD_ConnectionInfo *place =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->place = place ? place->socket_context : NULL;
    request->models = serve_shelf_take(&server->shelf);
    request->began = quell_queue_now();
    atomic_fetch_add(&server->open, 1);
    return request;
}

static size_t unescape(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user, (void)connection;
    return serve_unescape(text);
}

/* Called with the headers, then with parts of a body, then when all of it has come, and again when
 * a connection that rested goes on. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *size, void **context)
{
    struct serve_request *request = *context;
    (void)version;
    if (!request) {
        *context = request = begin_request(user, connection, url);
        return request ? serve_admit(request, url, method) : MHD_NO;
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

static void end_request(void *user, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode how)
{
    struct serve_request *request = *context;
    (void)user, (void)connection;
    if (!request) return;
    struct serve_server *server = request->server;
    if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        server->gone++;
        request->code = 499; /* as nginx calls it */
    }
    server->answers[request->code % SERVE_MOST_CODE]++;
    if (request->drawn) server->seconds += quell_queue_now() - request->began;
    serve_wait_no_more(request);
    serve_log(request);
    if (request->drawing) serve_events_leave(request->drawing);
    serve_drawing_drop(request->drawing);
    serve_connection_note(&server->connections, request->place, SERVE_WAITS, 0);
    serve_receive_end(request);
    serve_models_drop(request->models);
    free(request);
    atomic_fetch_sub(&server->open, 1);
    *context = NULL;
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

/* ---- Clients that have gone ---- */

/* libmicrohttpd does not look at a connection that rests. */
static bool has_gone(struct serve_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd at = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};
    return poll(&at, 1, 0) > 0 && at.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Whether a request has waited too long for the workshop; the queue looks after its own. */
static bool is_late(const struct serve_request *request)
{
    const struct serve_drawing *drawing = request->drawing;
    return !request->drawn && quell_queue_now() > drawing->begun + drawing->options->seconds;
}

/* Ends a request. One that waits for the workshop leaves it at once; whoever is late, and not gone,
 * is told why. */
static void give_up(struct serve_request *request)
{
    struct serve_server *server = request->server;
    bool gone = !is_late(request) || has_gone(request);
    bool waited = !request->drawn && serve_workshop_take_back(&server->making, &request->work);
    if (waited && !gone)
        serve_drawing_fail(request->drawing, serve_drawing_late());
    else if (gone)
        serve_drawing_cancel(request->drawing);
    if (waited) MHD_resume_connection(request->connection);
}

static void cancel_for(struct serve_server *server, bool all)
{
    pthread_mutex_lock(&server->lock);
    for (struct serve_request *request = server->waiting; request; request = request->after)
        if (all || has_gone(request) || is_late(request)) give_up(request);
    pthread_mutex_unlock(&server->lock);
}

/* ---- Beginning and ending ---- */

static void rest(void)
{
    const struct timespec time = {0, LOOK};
    nanosleep(&time, NULL);
}

/* Waits for requests to end, for some seconds. Returns how many are left. */
static size_t wait_for_end(struct serve_server *server, double seconds)
{
    double end = quell_queue_now() + seconds;
    while (atomic_load(&server->open) && quell_queue_now() < end) {
        cancel_for(server, false);
        serve_connections_look(&server->connections);
        rest();
    }
    return atomic_load(&server->open);
}

/* Whether a connection rests: libmicrohttpd must not be stopped then. What was cancelled ends
 * within one instruction of a network. */
static bool waits(struct serve_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool some = server->waiting;
    pthread_mutex_unlock(&server->lock);
    return some;
}

/* Whoever comes now is refused at once, and may ask another server: closed it can be only when
 * libmicrohttpd has ended, until when the kernel would take connections that nobody answers. */
static int listen_no_more(struct serve_server *server)
{
    int listening = MHD_quiesce_daemon(server->daemon);
    if (listening >= 0) shutdown(listening, SHUT_RDWR);
    return listening;
}

static quell_status drain(struct serve_server *server)
{
    atomic_store(&server->draining, true);
    serve_notify("STOPPING=1");
    int listening = listen_no_more(server);
    size_t left = wait_for_end(server, server->options->drain);
    if (left) {
        cancel_for(server, true);
        for (; waits(server); rest()) serve_connections_look(&server->connections);
        wait_for_end(server, FLUSH);
    }
    MHD_stop_daemon(server->daemon);
    if (listening >= 0) close(listening);
    return left ? quell_fail(QUELL_STOPPED, "serve: %zu requests had not ended in %g seconds", left,
                             server->options->drain)
                : QUELL_OK;
}

static quell_status start(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    struct serve_listening at;
    quell_status status = serve_listen(options->listen, &at);
    if (status) return status;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | at.flags, 0, NULL, NULL, handle,
        server, MHD_OPTION_LISTEN_SOCKET, at.file, MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, notice, server,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY, MHD_OPTION_CONNECTION_LIMIT, options->most_clients + SPARE,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->seconds, MHD_OPTION_END);
    if (!server->daemon) {
        close(at.file);
        return quell_fail(QUELL_IO_FAILED, "serve: libmicrohttpd cannot serve %s", at.address);
    }
    if (options->ready) options->ready(options->user, at.address);
    serve_notify("READY=1");
    return QUELL_OK;
}

static quell_status make_queue(struct serve_server *server)
{
    quell_queue_options queue = quell_queue_defaults();
    queue.threads = server->options->threads;
    queue.isa = server->options->isa;
    queue.capacity = server->options->capacity;
    return quell_queue_create(&server->queue, &queue);
}

/* ---- Models that have changed ---- */

/* In the workshop: opens models and tokens anew. What cannot be opened leaves those that there
 * are. */
static void load(void *user)
{
    struct serve_server *server = user;
    const struct serve_options *options = server->options;
    struct serve_tokens tokens = {0};
    bool right = !options->token_file || !serve_tokens_read(&tokens, options->token_file);
    if (!right && options->log) fprintf(options->log, "quell: %s\n", quell_error_message());
    struct serve_models *models = options->reopen(options->user);
    if (right) {
        pthread_mutex_lock(&server->lock);
        server->tokens = tokens;
        pthread_mutex_unlock(&server->lock);
    }
    if (models) {
        serve_shelf_put(&server->shelf, models);
        serve_samplers_forget(&server->samplers);
        server->loaded++;
    }
    atomic_store(&server->loads, false);
}

static void look(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    cancel_for(server, false);
    serve_connections_look(&server->connections);
    if (!options->reload || !*options->reload || atomic_load(&server->loads)) return;
    *options->reload = 0;
    atomic_store(&server->loads, true);
    server->load = (struct serve_work){.work = load, .user = server};
    serve_workshop_add(&server->loading, &server->load);
}

static quell_status prepare(struct serve_server *server)
{
    const struct serve_options *options = server->options;
    pthread_mutex_init(&server->lock, NULL);
    serve_shelf_begin(&server->shelf, options->models);
    serve_samplers_begin(&server->samplers);
    serve_connections_begin(&server->connections, options->most_clients, options->seconds);
    quell_status status = QUELL_OK;
    if (options->token_file) status = serve_tokens_read(&server->tokens, options->token_file);
    if (!status) status = make_queue(server);
    if (!status) status = serve_workshop_begin(&server->making);
    if (!status) status = serve_workshop_begin(&server->finishing);
    return status ? status : serve_workshop_begin(&server->loading);
}

/* The queue's thread hands work to the last workshop. */
static void clear(struct serve_server *server)
{
    serve_workshop_end(&server->loading);
    serve_workshop_end(&server->making);
    quell_queue_free(server->queue);
    serve_workshop_end(&server->finishing);
    serve_samplers_free(&server->samplers);
    serve_connections_end(&server->connections);
    serve_shelf_end(&server->shelf);
    pthread_mutex_destroy(&server->lock);
}

quell_status quell_serve(const struct serve_options *options, const volatile _Atomic int *stop)
{
    struct serve_server server = {.options = options};
    quell_status status = prepare(&server);
    if (!status) status = start(&server);
    if (!status) {
        for (; !*stop; rest()) look(&server);
        status = drain(&server);
    }
    clear(&server);
    return status;
}
