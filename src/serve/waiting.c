/* SPDX-License-Identifier: MIT */
/* The requests that wait, whose clients may close their connections in the meantime. */
#include "serve/server.h"
#include "queue/queue.h"

#include <poll.h>

void serve_wait(struct serve_request *request)
{
    struct serve_server *server = request->server;
    pthread_mutex_lock(&server->lock);
    request->after = server->waiting;
    if (request->after) request->after->before = request;
    server->waiting = request;
    pthread_mutex_unlock(&server->lock);
}

void serve_wait_no_more(struct serve_request *request)
{
    struct serve_server *server = request->server;
    pthread_mutex_lock(&server->lock);
    if (request->before) request->before->after = request->after;
    if (server->waiting == request) server->waiting = request->after;
    if (request->after) request->after->before = request->before;
    request->before = request->after = NULL;
    pthread_mutex_unlock(&server->lock);
}

/* Whether the client has closed the connection. libmicrohttpd does not check suspended ones. */
static bool has_gone(struct serve_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd at = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};
    return poll(&at, 1, 0) > 0 && at.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Whether the time of a request is up before it was put into the queue, which checks the time of
 * its own requests. */
static bool is_late(const struct serve_request *request)
{
    const struct serve_drawing *drawing = request->drawing;
    return !request->drawn && quell_queue_now() > drawing->begun + drawing->options->seconds;
}

/* Ends a request. If it waits for the workshop, it is removed from there at once. If its client has
 * not gone, the client is told why: its time is up, or the server is stopping. */
static void give_up(struct serve_request *request)
{
    struct serve_server *server = request->server;
    struct serve_drawing *drawing = request->drawing;
    bool gone = has_gone(request), late = is_late(request);
    bool waited = !request->drawn && serve_workshop_take_back(&server->making, &request->work);
    if (gone)
        serve_drawing_cancel(drawing);
    else if (!late)
        serve_drawing_cut(drawing);
    else if (waited)
        serve_drawing_fail(drawing, serve_drawing_late());
    if (waited) MHD_resume_connection(request->connection);
}

void serve_cancel(struct serve_server *server, bool all)
{
    pthread_mutex_lock(&server->lock);
    for (struct serve_request *request = server->waiting; request; request = request->after)
        if (all || has_gone(request) || is_late(request)) give_up(request);
    pthread_mutex_unlock(&server->lock);
}

bool serve_waits(struct serve_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool some = server->waiting;
    pthread_mutex_unlock(&server->lock);
    return some;
}
