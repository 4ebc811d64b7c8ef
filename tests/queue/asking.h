/* SPDX-License-Identifier: MIT */
/* What the tests of queues share: requests in a line, and a gate that holds a queue up until as
 * many requests wait as a test wants. */
#ifndef QUELL_TESTS_ASKING_H
#define QUELL_TESTS_ASKING_H

#include <quell/quell.h>

#include <pthread.h>
#include <stdbool.h>

quell_queue *queue_of(size_t threads, size_t rows);
quell_request request_for(const quell_sampler *sampler, const quell_draw *draw, float *x);

/* A request of the highest priority, whose denoiser does not return until the gate is opened. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool reached, opened;
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler *sampler;
    quell_ticket *ticket;
    float x;
};

/* Returns when the queue stands before the gate. */
void gate_shut(struct gate *gate, quell_queue *queue);
void gate_open(struct gate *gate);
void gate_free(struct gate *gate);

/* A list of what happened, in order: letters. */
struct record {
    pthread_mutex_t lock;
    char text[200];
    size_t used;
};
void record_begin(struct record *record);
void record_add(struct record *record, char letter);

#endif
