/* SPDX-License-Identifier: MIT */
/* The life of a queue: creating, closing and freeing it, and its thread. */
#include "queue/queue.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/sized.h"
#include "engine/isa.h"
#include "engine/joint.h"
#include "engine/limits.h"
#include "engine/signals.h"
#include "engine/threads.h"
#include "queue/timed_wait.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct quell_sized sized_options = {"queue", "quell_queue_options",
                                                 "quell_queue_defaults", NULL};

void quell_queue_drop(quell_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool last = !--queue->holders;
    pthread_mutex_unlock(&queue->lock);
    if (!last) return;
    pthread_cond_destroy(&queue->work);
    pthread_cond_destroy(&queue->news);
    pthread_mutex_destroy(&queue->lock);
    if (queue->accounts == &queue->own_accounts) quell_accounts_end(queue->accounts);
    free(queue->order);
    free(queue->places);
    free(queue);
}

/* The earliest deadline of all tickets. */
static double next_deadline(const quell_queue *queue)
{
    double next = INFINITY;
    for (const quell_ticket *ticket = queue->first; ticket; ticket = ticket->next)
        next = fmin(next, ticket->deadline);
    return next;
}

/* Called when a joint run took nothing. Returns whether the conductor must look again, for one of
 * three reasons: while the lock was released, another ticket became the first; the leader was
 * cancelled or is late; or the leader's paused samples cannot go on for lack of memory, and it has
 * failed here. Otherwise, for lack of memory, what has not begun is drawn outside a joint run. */
static bool changed(const quell_queue *queue, quell_ticket *leader)
{
    if (leader != quell_queue_most_urgent(queue)) return true;
    if (!leader || leader->work || !quell_joins(leader->request.sampler)) return false;
    if (!queue->lacks_memory) return true;
    if (!leader->paused) return false;
    if (!quell_ticket_is_wanted(leader)) return true;
    leader->failure = QUELL_NO_MEMORY;
    snprintf(leader->message, sizeof leader->message, "run: no memory to go on");
    return true;
}

/* The conductor's thread: tells, chooses and draws, and waits if there is nothing to draw. */
static void *conduct(void *data)
{
    quell_queue *queue = data;
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        quell_queue_tell(queue);
        quell_ticket *leader = quell_queue_most_urgent(queue);
        if (leader && quell_queue_join(queue, leader)) continue;
        if (changed(queue, leader)) continue;
        quell_queue_choose(queue);
        if (queue->batch.count) {
            queue->state.busy = 1;
            pthread_mutex_unlock(&queue->lock);
            quell_queue_draw(queue);
            pthread_mutex_lock(&queue->lock);
            queue->state.busy = 0;
        } else if (queue->ending && !queue->first) {
            break;
        } else {
            quell_wait_until(&queue->work, &queue->lock, next_deadline(queue));
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

static quell_status check(quell_queue_options *o)
{
    if (o->threads > QUELL_MOST_THREADS)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: threads is %zu, must be at most %d",
                          o->threads, QUELL_MOST_THREADS);
    if (!o->capacity)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: capacity is 0, must be at least 1");
    if (o->rows > o->capacity)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "queue: rows is %zu, must be at most the capacity, %zu", o->rows,
                          o->capacity);
    const struct quell_kernels *kernels;
    return quell_isa_choose(o->isa, &kernels);
}

/* Starts the conductor, in which the signals of the host are blocked. */
static bool start(quell_queue *queue)
{
    return !quell_signals_start_thread(&queue->conductor, NULL, conduct, queue);
}

quell_status quell_queue_create(quell_queue **queue, const quell_queue_options *options)
{
    return quell_queue_create_with(queue, options, NULL);
}

quell_status quell_queue_create_with(quell_queue **queue, const quell_queue_options *options,
                                     struct quell_accounts *accounts)
{
    if (!queue) return quell_fail(QUELL_BAD_ARGUMENT, "queue: the pointer to it is NULL");
    quell_queue_options own = quell_queue_defaults();
    quell_status status = QUELL_OK;
    if (options) status = quell_sized_copy(&sized_options, &own, sizeof own, options);
    if (!status) status = check(&own);
    if (status) return status;
    quell_queue *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "queue: no memory for it");
    made->options = own;
    if (!own.threads) made->options.threads = quell_threads_default();
    if (own.isa) snprintf(made->isa, sizeof made->isa, "%s", own.isa);
    made->options.isa = own.isa ? made->isa : NULL;
    made->process = quell_process_number();
    made->holders = 1;
    made->accounts = accounts ? accounts : &made->own_accounts;
    if (!accounts) quell_accounts_begin(made->accounts);
    pthread_mutex_init(&made->lock, NULL);
    quell_wait_prepare(&made->work);
    quell_wait_prepare(&made->news);
    if (!start(made)) {
        quell_queue_drop(made);
        return quell_fail(QUELL_UNSUPPORTED, "queue: its thread could not be started: the process "
                                             "has as many threads as it may have");
    }
    *queue = made;
    return QUELL_OK;
}

void quell_queue_look(quell_queue *queue, quell_queue_state *state)
{
    if (!state) return;
    *state = (quell_queue_state){0};
    if (!queue || queue->process != quell_process_number()) return;
    pthread_mutex_lock(&queue->lock);
    *state = queue->state;
    pthread_mutex_unlock(&queue->lock);
}

quell_status quell_queue_after_fork(void)
{
    return quell_fail(QUELL_AFTER_FORK,
                      "queue: it was made before fork() and goes on in the parent "
                      "alone: make one in the child");
}

quell_status quell_queue_close(quell_queue *queue, double seconds)
{
    if (!queue) return quell_fail(QUELL_BAD_ARGUMENT, "queue: it is NULL");
    if (isnan(seconds)) return quell_fail(QUELL_BAD_ARGUMENT, "queue: seconds is not a number");
    if (queue->process != quell_process_number()) return quell_queue_after_fork();
    if (pthread_equal(pthread_self(), queue->conductor))
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: an answer function must not close it");
    double end = seconds < 0 ? INFINITY : quell_queue_now() + seconds;
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    while (queue->state.requests && quell_wait_until(&queue->news, &queue->lock, end)) continue;
    size_t left = queue->state.requests;
    pthread_mutex_unlock(&queue->lock);
    return left ? quell_fail(QUELL_BUSY, "queue: %zu requests have not ended in %g seconds", left,
                             seconds)
                : QUELL_OK;
}

void quell_queue_free(quell_queue *queue)
{
    if (!queue || queue->process != quell_process_number()) return;
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    queue->ending = true;
    for (quell_ticket *ticket = queue->first; ticket; ticket = ticket->next)
        ticket->cancelled = true;
    pthread_cond_signal(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->conductor, NULL);
    quell_queue_drop(queue);
}
