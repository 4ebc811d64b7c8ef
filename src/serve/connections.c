/* SPDX-License-Identifier: MIT */
/* Only libmicrohttpd's thread closes a socket. To end a connection, this file shuts its socket
 * down, on which that thread closes it. */
#include "serve/connections.h"
#include "base/memory.h"
#include "queue/queue.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define SLOWEST 16384.0 /* the lowest rate at which a client may receive, in bytes a second */
#define CLOSING 0.5     /* seconds to read a request whose client has closed its side */

void serve_connections_begin(struct serve_connections *connections, size_t most, double seconds)
{
    *connections = (struct serve_connections){.most = most, .seconds = seconds};
    pthread_mutex_init(&connections->lock, NULL);
}

void serve_connections_end(struct serve_connections *connections)
{
    pthread_mutex_destroy(&connections->lock);
}

static void put_last(struct serve_connections *connections, struct serve_connection *one)
{
    struct serve_connection **last = &connections->last[one->state];
    one->before = *last;
    one->after = NULL;
    *(*last ? &(*last)->after : &connections->first[one->state]) = one;
    *last = one;
}

static void take_out(struct serve_connections *connections, struct serve_connection *one)
{
    *(one->before ? &one->before->after : &connections->first[one->state]) = one->after;
    *(one->after ? &one->after->before : &connections->last[one->state]) = one->before;
}

static void end(struct serve_connections *connections, struct serve_connection *one)
{
    shutdown(one->file, SHUT_RDWR);
    take_out(connections, one);
    one->state = SERVE_ENDED;
    put_last(connections, one);
    connections->count--;
}

/* Returns the connection that can best be spared. */
static struct serve_connection *find_idle(const struct serve_connections *connections)
{
    return connections->first[SERVE_NEW] ? connections->first[SERVE_NEW]
                                         : connections->first[SERVE_WAITS];
}

struct serve_connection *serve_connection_open(struct serve_connections *connections, int file)
{
    struct serve_connection *one = quell_new(1, sizeof *one);
    if (!one) return NULL;
    *one = (struct serve_connection){
        .file = file, .since = quell_queue_now(), .seconds = connections->seconds};
    pthread_mutex_lock(&connections->lock);
    struct serve_connection *idle = find_idle(connections);
    if (++connections->count > connections->most && idle) end(connections, idle);
    put_last(connections, one);
    pthread_mutex_unlock(&connections->lock);
    return one;
}

void serve_connection_close(struct serve_connections *connections,
                            struct serve_connection *connection)
{
    if (!connection) return;
    pthread_mutex_lock(&connections->lock);
    take_out(connections, connection);
    if (connection->state != SERVE_ENDED) connections->count--;
    pthread_mutex_unlock(&connections->lock);
    free(connection->noted);
    free(connection);
}

double serve_connection_taking(size_t bytes) { return (double)bytes / SLOWEST; }

void serve_connection_note(struct serve_connections *connections,
                           struct serve_connection *connection, enum serve_state state, double more)
{
    if (!connection) return;
    pthread_mutex_lock(&connections->lock);
    if (connection->state == SERVE_ENDED) state = SERVE_ENDED;
    take_out(connections, connection);
    connection->state = state;
    connection->since = quell_queue_now();
    connection->seconds = connections->seconds + more;
    connection->closing = 0;
    put_last(connections, connection);
    pthread_mutex_unlock(&connections->lock);
}

size_t serve_connections_count(struct serve_connections *connections)
{
    pthread_mutex_lock(&connections->lock);
    size_t count = connections->count;
    pthread_mutex_unlock(&connections->lock);
    return count;
}

/* Whether the client closed its side of the connection more than CLOSING seconds ago. */
static bool has_closed(struct serve_connection *connection, double now)
{
    struct pollfd at = {.fd = connection->file, .events = POLLRDHUP};
    bool closes = poll(&at, 1, 0) > 0 && at.revents & (POLLRDHUP | POLLHUP | POLLERR);
    if (closes && connection->closing == 0) connection->closing = now;
    return closes && now > connection->closing + CLOSING;
}

/* Ends the connections of a list whose time is up and, if `sends`, those whose clients will send no
 * more. */
static void look(struct serve_connections *connections, enum serve_state state, bool sends,
                 double now)
{
    for (struct serve_connection *one = connections->first[state], *after; one; one = after) {
        after = one->after;
        if (now > one->since + one->seconds || (sends && has_closed(one, now)))
            end(connections, one);
    }
}

void serve_connections_look(struct serve_connections *connections)
{
    double now = quell_queue_now();
    pthread_mutex_lock(&connections->lock);
    look(connections, SERVE_NEW, true, now);
    look(connections, SERVE_WAITS, true, now);
    look(connections, SERVE_TAKES, false, now);
    pthread_mutex_unlock(&connections->lock);
}
