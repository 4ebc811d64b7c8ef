/* SPDX-License-Identifier: MIT */
/* A small thread pool, for work that would hold up the thread of libmicrohttpd or that of the
 * queue. The client that has had the least time goes first, and no client has two pieces of work
 * done at the same time. */
#ifndef QUELL_SERVE_WORKSHOP_H
#define QUELL_SERVE_WORKSHOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>
#include "queue/account.h"

#define SERVE_MOST_THREADS 2 /* in one workshop */

/* A piece of work, owned by the caller until work(user) has returned false. Returning true means
 * that there is more to do: the work then waits for its next turn. One call should take at most a
 * twentieth of a second. `account` is the client who is charged for the time; NULL is the server
 * itself, which goes first. */
struct serve_work {
    bool (*work)(void *user);
    void *user;
    struct quell_account *account;
    struct serve_work *next;
};

struct serve_workshop {
    pthread_mutex_t lock;
    pthread_cond_t news;
    size_t threads;
    pthread_t thread[SERVE_MOST_THREADS];
    struct quell_account *now[SERVE_MOST_THREADS]; /* the client for whom each thread works */
    struct serve_work *first;
    uint64_t pieces; /* calls of work(user) that have returned */
    bool ends;
};

/* Starts `threads` threads. Fails with QUELL_UNSUPPORTED. */
quell_status serve_workshop_begin(struct serve_workshop *workshop, size_t threads);

/* Adds a piece of work at the end of the list. Thread-safe. */
void serve_workshop_add(struct serve_workshop *workshop, struct serve_work *work);

/* Removes a piece of work from the list. Returns false if it is not there any more. Thread-safe. */
bool serve_workshop_take_back(struct serve_workshop *workshop, struct serve_work *work);

/* The number of calls of work(user) that have returned. Thread-safe. */
uint64_t serve_workshop_pieces(struct serve_workshop *workshop);

/* Lets the threads finish all work in the list, and ends them. A zeroed workshop is allowed. */
void serve_workshop_end(struct serve_workshop *workshop);

#endif
