/* SPDX-License-Identifier: MIT */
/* A connection whose answer comes in parts: it rests while there is nothing to send. */
#ifndef QUELL_SERVE_FLOW_H
#define QUELL_SERVE_FLOW_H

#include <pthread.h>
#include <stdbool.h>

struct serve_request;

/* Under the lock: request: NULL once it has ended. rests: its connection does. over: its samples
 * are there, or have failed. */
struct serve_flow {
    pthread_mutex_t lock;
    struct serve_request *request;
    bool rests, over;
};

void serve_flow_begin(struct serve_flow *flow);
void serve_flow_end(struct serve_flow *flow);

/* Lets the connection rest. False if it must not, as the server ends and does not wait for it: of
 * one whose samples are there nobody else knows that it rests. Under the lock, as the next two. */
bool serve_flow_rest(struct serve_flow *flow);

/* Lets it go on, if it rests. */
void serve_flow_wake(struct serve_flow *flow);

/* Notes that the samples are there, or have failed. Whoever takes the rest of an answer is not
 * looked after as one who waits. */
void serve_flow_finish(struct serve_flow *flow);

/* Whether they are: how the drawing ended can be read then. Without the lock, as the next one. */
bool serve_flow_over(struct serve_flow *flow);

/* The request has ended. */
void serve_flow_leave(struct serve_flow *flow);

#endif
