/* SPDX-License-Identifier: MIT */
/* The open connections, and how long each has been in its present state. libmicrohttpd closes
 * connections that are silent, but not those that send a byte now and then to stay open. */
#ifndef QUELL_SERVE_CONNECTIONS_H
#define QUELL_SERVE_CONNECTIONS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* The states of a connection. */
enum serve_state {
    SERVE_NEW,   /* its first request has not come yet */
    SERVE_WAITS, /* it waits for another request, or for the rest of one */
    SERVE_BUSY,  /* its request is being answered */
    SERVE_TAKES, /* its client is receiving the answer */
    SERVE_ENDED, /* the server has ended it, and libmicrohttpd will close it */
    SERVE_STATES
};

struct serve_connection {
    int file;
    enum serve_state state;
    double since;   /* when it entered its present state */
    double seconds; /* how long it may stay in that state */
    double closing; /* when it was first seen that its client will send no more; 0: not yet */
    /* Neighbours in the list of all connections in the same state, the oldest first. */
    struct serve_connection *before, *after;
    /* A request whose headers have not all come; freed with the connection. */
    void *noted;
};

struct serve_connections {
    pthread_mutex_t lock;
    /* One list for each state. */
    struct serve_connection *first[SERVE_STATES], *last[SERVE_STATES];
    size_t count;   /* connections that the server has not ended */
    size_t most;    /* the largest number of connections */
    double seconds; /* how long a client may take to send a request */
};

/* All functions below are thread-safe, except for the first two. */
void serve_connections_begin(struct serve_connections *connections, size_t most, double seconds);
void serve_connections_end(struct serve_connections *connections);

/* Adds a new connection; returns NULL if there is no memory. If there are more than `most` now,
 * ends the oldest one that has not sent a request yet or, if there is none, the one that has waited
 * longest. So a flood of connections ends connections of the flood, and not those of clients whose
 * requests are being answered. */
struct serve_connection *serve_connection_open(struct serve_connections *connections, int file);

/* Removes and frees a connection, whose file libmicrohttpd will close. NULL is allowed. */
void serve_connection_close(struct serve_connections *connections,
                            struct serve_connection *connection);

/* The time in seconds that a client gets to receive `bytes` bytes of an answer, in addition to the
 * time for a request. */
double serve_connection_taking(size_t bytes);

/* Notes that a connection is in `state` from now on. `more`: seconds that it may stay
 * there in addition to the time for a request. A NULL connection is allowed. */
void serve_connection_note(struct serve_connections *connections,
                           struct serve_connection *connection, enum serve_state state,
                           double more);

/* The number of connections that the server has not ended. */
size_t serve_connections_count(struct serve_connections *connections);

/* Ends the connections that have been in their state for too long, and those whose clients have
 * closed their side while a request was expected. Called several times a second. */
void serve_connections_look(struct serve_connections *connections);

#endif
