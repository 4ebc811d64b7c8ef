/* SPDX-License-Identifier: MIT */
/* A thread for work that would hold up the one that handles connections, or the queue: it does one
 * piece after the other. */
#ifndef QUELL_SERVE_WORKSHOP_H
#define QUELL_SERVE_WORKSHOP_H

#include <pthread.h>
#include <stdbool.h>
#include <quell/status.h>

/* A piece of work, in memory of whoever has it done, until work(user) has been called. */
struct serve_work {
    void (*work)(void *user);
    void *user;
    struct serve_work *next;
};

struct serve_workshop {
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t thread;
    struct serve_work *first, *last;
    bool ends, runs;
};

/* Starts the thread. Fails with QUELL_UNSUPPORTED. */
quell_status serve_workshop_begin(struct serve_workshop *workshop);

/* Has work(user) called by the thread, soon. Thread-safe. */
void serve_workshop_add(struct serve_workshop *workshop, struct serve_work *work);

/* Lets the thread do what there is, and ends it. A zeroed workshop is allowed. */
void serve_workshop_end(struct serve_workshop *workshop);

#endif
