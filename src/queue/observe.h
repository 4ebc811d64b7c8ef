/* SPDX-License-Identifier: MIT */
/* Observers of requests. */
#ifndef QUELL_QUEUE_OBSERVE_H
#define QUELL_QUEUE_OBSERVE_H

#include "queue/queue.h"

/* A quell_observe_fn for a run of the queue, which is the `user`: calls the observers of the
 * requests whose rows these are. Takes the lock. */
int quell_queue_observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                        const float *x);

/* Ends the request of an observer that returned something else than 0. told: of its call; before:
 * quell_fail_count() before that. Called under the lock, by the thread of the observer. */
void quell_queue_end_observed(quell_ticket *ticket, int result, unsigned before, size_t transition,
                              const quell_call *told);

/* Whether a request of the run has an observer. Called under the lock. */
bool quell_queue_observed(const quell_queue *queue);

#endif
