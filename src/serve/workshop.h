/* SPDX-License-Identifier: MIT */
/* Threads for work that would hold up the one that handles connections, or the queue. Whose client
 * has had least time goes first, and no client has two pieces done at a time. */
#ifndef QUELL_SERVE_WORKSHOP_H
#define QUELL_SERVE_WORKSHOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>
#include "queue/account.h"

#define SERVE_MOST_THREADS 2 /* of a workshop */

/* A piece of work, in memory of whoever has it done, until work(user) has returned false: true says
 * that there is more to do, for which it waits for its turn again. A piece should take no longer
 * than a twentieth of a second. account: of whom it is done for, who is charged for it; NULL: of
 * the server itself, which goes first. */
struct serve_work {
    bool (*work)(void *user);
    void *user;
    struct quell_account *account;
    struct serve_work *next;
};

/* now: for whom each thread works. pieces: that have been done. */
struct serve_workshop {
    pthread_mutex_t lock;
    pthread_cond_t news;
    size_t threads;
    pthread_t thread[SERVE_MOST_THREADS];
    struct quell_account *now[SERVE_MOST_THREADS];
    struct serve_work *first;
    uint64_t pieces;
    bool ends;
};

/* Starts threads. Fails with QUELL_UNSUPPORTED. */
quell_status serve_workshop_begin(struct serve_workshop *workshop, size_t threads);

/* Has work->work(work->user) called by a thread. Thread-safe. */
void serve_workshop_add(struct serve_workshop *workshop, struct serve_work *work);

/* Takes a piece of work back. Returns false if it does not wait any more. Thread-safe. */
bool serve_workshop_take_back(struct serve_workshop *workshop, struct serve_work *work);

/* How many pieces have been done. Thread-safe. */
uint64_t serve_workshop_pieces(struct serve_workshop *workshop);

/* Lets the threads do what there is, and ends them. A zeroed workshop is allowed. */
void serve_workshop_end(struct serve_workshop *workshop);

#endif
