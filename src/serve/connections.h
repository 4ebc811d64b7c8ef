/* SPDX-License-Identifier: MIT */
/* The connections that are open, and how long each has been at what it does: libmicrohttpd closes
 * those that are silent, but not one that sends a byte now and then. */
#ifndef QUELL_SERVE_CONNECTIONS_H
#define QUELL_SERVE_CONNECTIONS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* A connection is new until its first request has come; it is busy while that is answered; it takes
 * its answer; it waits for another request, or for the rest of one; it was ended here, and will be
 * closed. */
enum serve_doing { SERVE_NEW, SERVE_WAITS, SERVE_BUSY, SERVE_TAKES, SERVE_ENDED, SERVE_DOINGS };

/* since: when it began to do so. seconds: how long it may. closing: its client sends no more, when
 * that was seen first; 0: it was not. before, after: in the list of those that do the same, the one
 * that began first at its head. noted: memory of a request whose headers have not all come; it is
 * freed with the connection. */
struct serve_connection {
    int file;
    enum serve_doing doing;
    double since, seconds, closing;
    struct serve_connection *before, *after;
    void *noted;
};

/* seconds: how long one may take to send a request. most: how many there may be.
 * count: of those that were not ended. */
struct serve_connections {
    pthread_mutex_t lock;
    struct serve_connection *first[SERVE_DOINGS], *last[SERVE_DOINGS];
    size_t count, most;
    double seconds;
};

void serve_connections_begin(struct serve_connections *connections, size_t most, double seconds);
void serve_connections_end(struct serve_connections *connections);

/* Notes a new connection; NULL if there is no memory. If there are too many now, the oldest new one
 * is ended, or, where none is new, the one that has waited longest: a flood of connections ends
 * those of the flood, and not those of clients that have asked for something. */
struct serve_connection *serve_connection_open(struct serve_connections *connections, int file);

/* Forgets a connection whose file will be closed. */
void serve_connection_close(struct serve_connections *connections,
                            struct serve_connection *connection);

/* Seconds that a client may take for an answer of so many bytes, beyond those of a request. */
double serve_connection_taking(size_t bytes);

/* Notes what it does from now on. more: seconds that it may take beyond those of a request. NULL is
 * allowed. */
void serve_connection_note(struct serve_connections *connections,
                           struct serve_connection *connection, enum serve_doing doing,
                           double more);

size_t serve_connections_count(struct serve_connections *connections);

/* Ends those that have taken too long, and those that wait for a request that will not come.
 * Thread-safe, as is all of the above. */
void serve_connections_look(struct serve_connections *connections);

#endif
