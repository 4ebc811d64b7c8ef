/* SPDX-License-Identifier: MIT */
/* The life of a ticket: from submitting a request to the last call of its answer function. */
#include "queue/queue.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/sized.h"
#include "engine/given.h"
#include "engine/run_check.h"
#include "queue/timed_wait.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct quell_sized sized_request = {"queue", "quell_request", "quell_request_defaults",
                                                 NULL};

/* Drops a reference to a ticket, and frees it with the last one. Returns true if it was freed; the
 * caller then drops the ticket's reference to the queue. */
static bool drop(quell_ticket *ticket)
{
    if (--ticket->holders) return false;
    free(ticket);
    return true;
}

/* ---- Submitting ---- */

static quell_status check(const quell_ticket *ticket, quell_draw *draw)
{
    quell_run run;
    const quell_request *request = &ticket->request;
    if (!request->sampler && !ticket->work)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: the sampler is NULL");
    if (!(request->seconds >= 0))
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: seconds is %s, must be at least 0",
                          QUELL_SAID(request->seconds));
    if (request->user && !request->answer)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: user is set, but answer is NULL");
    if (request->observe_user && !request->observe)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: observe_user is set, but observe is NULL");
    if (request->from != 0 && request->from != 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: from is %d, must be 0 or 1", request->from);
    quell_status status = quell_given(request->draw, NULL, draw, &run);
    if (status || ticket->work) return status;
    return quell_run_check(request->sampler, draw, request->from, request->x);
}

static quell_status check_room(const quell_queue *queue, size_t count)
{
    size_t capacity = queue->options.capacity;
    if (queue->closed)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: it is closed and takes no more requests");
    if (count > capacity)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "queue: %zu samples in one request, must be at most its capacity, %zu",
                          count, capacity);
    if (count > capacity - queue->state.samples)
        return quell_fail(QUELL_BUSY,
                          "queue: it is full: %zu of %zu samples are there, and %zu more were "
                          "asked for; try again later",
                          queue->state.samples, capacity, count);
    return QUELL_OK;
}

static void append(quell_queue *queue, quell_ticket *ticket)
{
    ticket->before = queue->last;
    *(queue->last ? &queue->last->next : &queue->first) = ticket;
    queue->last = ticket;
    ticket->arrival = queue->arrivals++;
    ticket->round = queue->rounds;
    quell_account_want(ticket->account);
    queue->holders++;
    queue->state.requests++;
    if (!ticket->work) queue->state.samples += ticket->draw.count;
    ticket->cancelled = queue->ending;
    pthread_cond_signal(&queue->work);
}

static quell_status put(quell_queue *queue, quell_ticket *ticket)
{
    quell_status status = ticket->work ? QUELL_OK : check_room(queue, ticket->draw.count);
    if (status) return status;
    ticket->account = quell_account_open(queue->accounts, ticket->request.client);
    if (!ticket->account) return quell_fail(QUELL_NO_MEMORY, "queue: no memory for a request");
    append(queue, ticket);
    return QUELL_OK;
}

static quell_status submit(quell_queue *queue, const quell_request *request, quell_work_fn *work,
                           void *worker, quell_ticket **ticket)
{
    if (!queue || !request)
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: the %s is NULL", queue ? "request" : "queue");
    if (queue->process != quell_process_number()) return quell_queue_after_fork();
    quell_ticket *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "queue: no memory for a request");
    made->request = quell_request_defaults();
    made->work = work;
    made->worker = worker;
    quell_status status =
        quell_sized_copy(&sized_request, &made->request, sizeof made->request, request);
    if (!status) status = check(made, &made->draw);
    made->queue = queue;
    made->holders = ticket ? 2 : 1;
    made->deadline =
        made->request.seconds > 0 ? quell_queue_now() + made->request.seconds : INFINITY;
    if (!status) {
        pthread_mutex_lock(&queue->lock);
        status = put(queue, made);
        pthread_mutex_unlock(&queue->lock);
    }
    if (status)
        free(made);
    else if (ticket)
        *ticket = made;
    return status;
}

quell_status quell_queue_submit(quell_queue *queue, const quell_request *request,
                                quell_ticket **ticket)
{
    return submit(queue, request, NULL, NULL, ticket);
}

quell_status quell_queue_work(quell_queue *queue, const quell_request *request, quell_work_fn *work,
                              void *worker, quell_ticket **ticket)
{
    return submit(queue, request, work, worker, ticket);
}

/* ---- Telling ---- */

/* Whether all other tickets of the present run have ended. The last one must not end before the run
 * has returned: the run uses its sampler, which the caller may free when the ticket has ended. */
static bool is_last(const quell_queue *queue, const quell_ticket *ticket)
{
    bool in_run = false;
    for (size_t i = 0; i < queue->batch.count; i++) {
        const quell_ticket *one = queue->batch.parts[i].ticket;
        if (one && one != ticket) return false;
        in_run = in_run || one;
    }
    return in_run;
}

/* Whether a ticket ends now. If so, sets its failure and its message. */
static bool ends(const quell_queue *queue, quell_ticket *ticket)
{
    if (ticket->held || ticket->observed || ticket->flights || is_last(queue, ticket)) return false;
    if (ticket->failure || ticket->drawn == ticket->draw.count) return true;
    bool late = quell_queue_now() >= ticket->deadline;
    if (!ticket->cancelled && !late) return false;
    ticket->failure = QUELL_STOPPED;
    snprintf(ticket->message, sizeof ticket->message,
             "queue: %s when %zu of %zu samples were drawn",
             ticket->cancelled ? "the request was cancelled" : "the time of the request was up",
             ticket->drawn, ticket->draw.count);
    return true;
}

static void take_out(quell_queue *queue, quell_ticket *ticket)
{
    *(ticket->before ? &ticket->before->next : &queue->first) = ticket->next;
    *(ticket->next ? &ticket->next->before : &queue->last) = ticket->before;
    if (!ticket->work) queue->state.samples -= ticket->draw.count;
    for (size_t i = 0; i < queue->batch.count; i++)
        if (queue->batch.parts[i].ticket == ticket) queue->batch.parts[i].ticket = NULL;
}

static void answer(quell_queue *queue, quell_ticket *ticket, bool ended)
{
    ticket->told = ticket->drawn;
    if (!ticket->request.answer) return;
    const quell_answer told = {.drawn = ticket->drawn,
                               .ended = ended,
                               .status = ended ? ticket->failure : QUELL_OK,
                               .message = ended ? ticket->message : ""};
    pthread_mutex_unlock(&queue->lock);
    ticket->request.answer(ticket->request.user, &told);
    pthread_mutex_lock(&queue->lock);
}

/* Ends a ticket. It leaves the queue before its answer function is called, so that this may submit
 * another request; threads that wait for the ticket are woken after the function has returned. */
static void end(quell_queue *queue, quell_ticket *ticket)
{
    take_out(queue, ticket);
    answer(queue, ticket, true);
    quell_account_rest(ticket->account);
    quell_account_close(ticket->account);
    ticket->ended = true;
    queue->state.requests--;
    if (drop(ticket)) queue->holders--; /* never the last: the owner still has one */
}

/* An answer function may append tickets to the list while this runs. Tickets are removed from it
 * only here. */
void quell_queue_tell(quell_queue *queue)
{
    bool news = false;
    for (quell_ticket *ticket = queue->first, *next; ticket; ticket = next) {
        if (ticket->paused && !quell_ticket_is_wanted(ticket)) quell_queue_forget(queue, ticket);
        bool over = ends(queue, ticket), more = ticket->told != ticket->drawn;
        news = news || over || more;
        if (!over && more) answer(queue, ticket, false);
        next = ticket->next;
        if (over) end(queue, ticket);
    }
    if (news) pthread_cond_broadcast(&queue->news);
}

/* ---- Functions for the holder of a ticket ---- */

quell_status quell_ticket_wait(quell_ticket *ticket, double seconds)
{
    if (!ticket) return quell_fail(QUELL_BAD_ARGUMENT, "queue: the ticket is NULL");
    if (isnan(seconds)) return quell_fail(QUELL_BAD_ARGUMENT, "queue: seconds is not a number");
    quell_queue *queue = ticket->queue;
    if (queue->process != quell_process_number()) return quell_queue_after_fork();
    double until = seconds < 0 ? INFINITY : quell_queue_now() + seconds;
    pthread_mutex_lock(&queue->lock);
    if (seconds != 0 && !ticket->ended && pthread_equal(pthread_self(), queue->conductor)) {
        pthread_mutex_unlock(&queue->lock);
        return quell_fail(QUELL_BAD_ARGUMENT, "queue: an answer function must not wait");
    }
    while (!ticket->ended && seconds != 0 && quell_wait_until(&queue->news, &queue->lock, until))
        continue;
    bool ended = ticket->ended;
    pthread_mutex_unlock(&queue->lock);
    if (!ended) return quell_fail(QUELL_BUSY, "queue: the request has not ended");
    return ticket->failure ? quell_error_set(ticket->failure, ticket->message) : QUELL_OK;
}

size_t quell_ticket_drawn(quell_ticket *ticket)
{
    if (!ticket || ticket->queue->process != quell_process_number()) return 0;
    pthread_mutex_lock(&ticket->queue->lock);
    size_t drawn = ticket->drawn;
    pthread_mutex_unlock(&ticket->queue->lock);
    return drawn;
}

void quell_ticket_cancel(quell_ticket *ticket)
{
    if (!ticket || ticket->queue->process != quell_process_number()) return;
    pthread_mutex_lock(&ticket->queue->lock);
    ticket->cancelled = true;
    pthread_cond_signal(&ticket->queue->work);
    pthread_mutex_unlock(&ticket->queue->lock);
}

void quell_ticket_free(quell_ticket *ticket)
{
    if (!ticket || ticket->queue->process != quell_process_number()) return;
    quell_queue *queue = ticket->queue;
    pthread_mutex_lock(&queue->lock);
    bool last = drop(ticket);
    pthread_mutex_unlock(&queue->lock);
    if (last) quell_queue_drop(queue);
}
