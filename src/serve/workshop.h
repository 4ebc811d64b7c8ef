/* SPDX-License-Identifier: MIT */
/* A thread for work that would hold up the one that handles connections, or the queue: it does one
 * piece after the other. */
#ifndef QUELL_SERVE_WORKSHOP_H
#define QUELL_SERVE_WORKSHOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>

#define SERVE_MOST_WORK 64 /* pieces of one client that may wait */

/* A piece of work, in memory of whoever has it done, until work(user) has been called. client: for
 * whom, a number; clients take turns. */
struct serve_work {
    void (*work)(void *user);
    void *user;
    uint64_t client;
    struct serve_work *next;
};

struct serve_workshop {
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t thread;
    struct serve_work *first;
    uint64_t client; /* who had the last turn */
    bool ends, runs;
};

/* Starts the thread. Fails with QUELL_UNSUPPORTED. */
quell_status serve_workshop_begin(struct serve_workshop *workshop);

/* Takes a piece of work back. Returns false if it does not wait any more. Thread-safe. */
bool serve_workshop_take_back(struct serve_workshop *workshop, struct serve_work *work);

/* Has work(user) called by the thread. Returns false if as much of this client's waits as may, but
 * not for client 0, the server itself. Thread-safe. */
bool serve_workshop_add(struct serve_workshop *workshop, struct serve_work *work);

/* Lets the thread do what there is, and ends it. A zeroed workshop is allowed. */
void serve_workshop_end(struct serve_workshop *workshop);

#endif
