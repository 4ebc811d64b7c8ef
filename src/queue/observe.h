/* SPDX-License-Identifier: MIT */
/* Calling the observers of requests. */
#ifndef QUELL_QUEUE_OBSERVE_H
#define QUELL_QUEUE_OBSERVE_H

#include "queue/queue.h"

/* The quell_observe_fn of a run of the queue; `user` is the queue. Calls the observers of the
 * requests to which the observed rows belong. Takes the lock itself. */
int quell_queue_observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                        const float *x);

/* Cancels the request of an observer that returned `result` if that is not 0. `told` is what the
 * observer was told, and `before` the value of quell_fail_count() before the call. Called under the
 * lock, by the thread that called the observer. */
void quell_queue_end_observed(quell_ticket *ticket, int result, unsigned before, size_t transition,
                              const quell_call *told);

/* Whether any request of the run has an observer. Called under the lock. */
bool quell_queue_observed(const quell_queue *queue);

#endif
