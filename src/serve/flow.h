/* SPDX-License-Identifier: MIT */
/* A connection whose answer is sent in parts: it is suspended while there is nothing to send. */
#ifndef QUELL_SERVE_FLOW_H
#define QUELL_SERVE_FLOW_H

#include <pthread.h>
#include <stdbool.h>

struct serve_request;

/* All members are under the lock. */
struct serve_flow {
    pthread_mutex_t lock;
    struct serve_request *request; /* NULL once the request has ended */
    bool rests;                    /* the connection is suspended */
    bool over;                     /* all samples have been drawn, or drawing them has failed */
};

void serve_flow_begin(struct serve_flow *flow);
void serve_flow_end(struct serve_flow *flow);

/* Suspends the connection, until serve_flow_wake. Returns false if that is not allowed: the request
 * has ended, or the server is stopping and would not know of the suspended connection. Call this,
 * and the next two functions, under the lock. */
bool serve_flow_rest(struct serve_flow *flow);

/* Resumes the connection if it is suspended. */
void serve_flow_wake(struct serve_flow *flow);

/* Notes that all samples have been drawn, or that drawing them has failed. From then on the time
 * limits of a connection that receives its answer apply, and no longer those of one that waits for
 * samples. */
void serve_flow_finish(struct serve_flow *flow);

/* Whether serve_flow_finish has been called, so that the status of the drawing can be read. Call
 * this and the next function without the lock. */
bool serve_flow_over(struct serve_flow *flow);

/* Called when the request has ended. */
void serve_flow_leave(struct serve_flow *flow);

#endif
