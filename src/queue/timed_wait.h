/* SPDX-License-Identifier: MIT */
/* Waiting for a condition variable, until a time of quell_queue_now(). */
#ifndef QUELL_QUEUE_TIMED_WAIT_H
#define QUELL_QUEUE_TIMED_WAIT_H

#include <pthread.h>
#include <stdbool.h>

void quell_wait_prepare(pthread_cond_t *condition);

/* Waits until the condition is signalled, or until the time `end`, which may be infinity. Returns
 * false if the time is over. */
bool quell_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, double end);

#endif
