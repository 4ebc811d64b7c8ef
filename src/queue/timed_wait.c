/* SPDX-License-Identifier: MIT */
#include "queue/timed_wait.h"
#include "queue/queue.h"

#include <errno.h>
#include <time.h>

#define FOREVER 1e9 /* seconds, about thirty years; a longer time counts as infinite */

double quell_queue_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

quell_queue_clock_fn *quell_queue_clock = quell_queue_now;

void quell_wait_prepare(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool quell_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, double end)
{
    if (end > quell_queue_now() + FOREVER) return !pthread_cond_wait(condition, lock);
    struct timespec time = {.tv_sec = (time_t)end};
    time.tv_nsec = (long)(1e9 * (end - (double)time.tv_sec));
    return pthread_cond_timedwait(condition, lock, &time) != ETIMEDOUT;
}
