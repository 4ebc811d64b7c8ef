/* SPDX-License-Identifier: MIT */
/* Joint runs of a queue: requests for the same network, by any samplers, enter and leave a run
 * while it goes on, independently of how far the others are. */
#include "queue/queue.h"
#include "base/fail.h"
#include "base/memory.h"
#include "engine/joint.h"
#include "queue/observe.h"
#include "queue/timed_wait.h"

#include <stdio.h>
#include <stdlib.h>

/* PAUSE is how long a worker without samples sleeps, at most, and SILENCE how long the conductor
 * waits before it checks whether there is something to tell; both in seconds. */
#define PAUSE 0.005
#define SILENCE 0.02

/* How many samples a worker that has `rows` may take now, so that all workers have the same share.
 * A run with fewer workers than it could have takes no more flights if several samples wait, so
 * that it ends and the next run has more workers. */
static size_t share(const quell_queue *queue, size_t rows)
{
    size_t left = quell_queue_waiting(queue), all = left + queue->flying;
    size_t even = (all + queue->workers - 1) / queue->workers;
    bool alone = queue->workers == 1 && queue->flying;
    if (queue->leaving) return 0;
    if (queue->workers < queue->threads_of_run && queue->flying && left > 1) return 0;
    if (alone && !quell_queue_conducts(queue)) return 0;
    if (even > queue->most) even = queue->most;
    return even > rows ? even - rows : 0;
}

/* Calls the observer of a request, which cannot end while its samples are in the run. If the
 * samples have lists of seeds or indices, the run does not know their place in the draw, so it is
 * added here. */
static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                   const float *x)
{
    const struct quell_flight *flight = user;
    quell_queue *queue = flight->queue;
    quell_ticket *ticket = flight->ticket;
    pthread_mutex_lock(&queue->lock);
    bool cancelled = ticket->cancelled;
    pthread_mutex_unlock(&queue->lock);
    if (cancelled) return 0;
    const quell_request *request = &ticket->request;
    quell_call own = *told;
    if (quell_draw_lists(&ticket->draw)) own.first += flight->row;
    unsigned before = quell_fail_count();
    int result = request->observe(request->observe_user, transition, s, &own, x);
    pthread_mutex_lock(&queue->lock);
    quell_queue_end_observed(ticket, result, before, transition, &own);
    pthread_mutex_unlock(&queue->lock);
    return 0;
}

static void set_part(struct quell_joint_part *part, struct quell_flight *flight)
{
    const quell_ticket *ticket = flight->ticket;
    const quell_request *request = &ticket->request;
    part->sampler = request->sampler;
    part->row = flight->row;
    quell_draw_rows(&part->rows, &ticket->draw, flight->row, flight->rows);
    part->x = request->x + flight->row * request->sampler->denoiser->dim;
    part->from = request->from;
    part->observe = request->observe ? observe : NULL;
    part->observe_user = request->observe ? flight : NULL;
    part->ticket = flight;
}

/* Takes up to `most` samples that have not begun. */
static bool begin(quell_queue *queue, quell_ticket *ticket, size_t most,
                  struct quell_joint_part *part)
{
    size_t left = ticket->draw.count - ticket->begun;
    struct quell_flight *flight = quell_new(1, sizeof *flight);
    if (!flight) {
        queue->lacks_memory = true;
        return false;
    }
    *flight = (struct quell_flight){.queue = queue,
                                    .ticket = ticket,
                                    .row = ticket->begun,
                                    .rows = left < most ? left : most,
                                    .next = queue->flights};
    queue->flights = flight;
    queue->flying += flight->rows;
    ticket->flying += flight->rows;
    ticket->begun += flight->rows;
    ticket->flights++;
    set_part(part, flight);
    return true;
}

/* Takes the ticket's first paused flight. A flight cannot be divided, so it is only taken if there
 * is room for all of it, or if the worker has no other samples. */
static bool go_on(quell_queue *queue, quell_ticket *ticket, size_t most, size_t rows,
                  struct quell_joint_part *part)
{
    struct quell_flight *first = NULL;
    for (struct quell_flight *one = queue->flights; one; one = one->next)
        if (one->ticket == ticket && one->paused && (!first || one->row < first->row)) first = one;
    if (first->rows > most && rows) return false;
    part->paused = first->paused;
    first->paused = NULL;
    ticket->paused -= first->rows;
    ticket->flying += first->rows;
    queue->flying += first->rows;
    return true;
}

static bool take(quell_queue *queue, size_t rows, struct quell_joint_part *part)
{
    quell_ticket *ticket = quell_queue_candidate(queue);
    size_t most = ticket ? share(queue, rows) : 0;
    if (!most) return false;
    bool taken =
        ticket->paused ? go_on(queue, ticket, most, rows, part) : begin(queue, ticket, most, part);
    queue->taken = queue->taken || taken;
    return taken;
}

static bool next(void *user, size_t rows, struct quell_joint_part *part)
{
    quell_queue *queue = user;
    pthread_mutex_lock(&queue->lock);
    bool taken = take(queue, rows, part);
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

/* How many samples of a ticket have been drawn: all those before its first flight. */
static size_t drawn(const quell_queue *queue, const quell_ticket *ticket)
{
    size_t row = ticket->begun;
    for (const struct quell_flight *other = queue->flights; other; other = other->next)
        if (other->ticket == ticket && other->row < row) row = other->row;
    return row;
}

static void land(quell_queue *queue, struct quell_flight *flight)
{
    struct quell_flight **at = &queue->flights;
    while (*at != flight) at = &(*at)->next;
    *at = flight->next;
    queue->flying -= flight->rows;
    flight->ticket->flying -= flight->rows;
    flight->ticket->flights--;
}

static void done(void *user, struct quell_joint_part *part, quell_status status)
{
    quell_queue *queue = user;
    struct quell_flight *flight = part->ticket;
    quell_ticket *ticket = flight->ticket;
    pthread_mutex_lock(&queue->lock);
    land(queue, flight);
    if (!status) queue->state.drawn += flight->rows;
    if (!status && quell_ticket_is_wanted(ticket)) ticket->drawn = drawn(queue, ticket);
    if (status && quell_ticket_is_wanted(ticket)) {
        ticket->failure = status;
        snprintf(ticket->message, sizeof ticket->message, "%s", quell_error_message());
    }
    queue->news_due = true;
    if (!quell_queue_conducts(queue)) pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    free(flight);
}

static bool wanted(void *user, const struct quell_joint_part *part)
{
    quell_queue *queue = user;
    const struct quell_flight *flight = part->ticket;
    pthread_mutex_lock(&queue->lock);
    bool is = quell_ticket_is_wanted(flight->ticket);
    pthread_mutex_unlock(&queue->lock);
    return is;
}

static enum quell_fate fate(void *user, const struct quell_joint_part *part, double seconds)
{
    quell_queue *queue = user;
    struct quell_flight *flight = part->ticket;
    enum quell_fate fate = QUELL_END;
    pthread_mutex_lock(&queue->lock);
    quell_account_charge(flight->ticket->account, seconds / (double)queue->workers);
    if (quell_ticket_is_wanted(flight->ticket))
        fate = quell_queue_pauses(queue, flight) ? QUELL_PAUSE : QUELL_GO_ON;
    pthread_mutex_unlock(&queue->lock);
    return fate;
}

static void pause_flight(void *user, const struct quell_joint_part *part,
                         struct quell_strand *strand)
{
    quell_queue *queue = user;
    struct quell_flight *flight = part->ticket;
    pthread_mutex_lock(&queue->lock);
    flight->paused = strand;
    flight->had = 0;
    flight->ticket->flying -= flight->rows;
    flight->ticket->paused += flight->rows;
    flight->ticket->round = ++queue->rounds;
    queue->flying -= flight->rows;
    if (!quell_queue_conducts(queue)) pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
}

void quell_queue_forget(quell_queue *queue, quell_ticket *ticket)
{
    for (struct quell_flight **at = &queue->flights, *one; (one = *at);) {
        if (one->ticket != ticket || !one->paused) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        ticket->flights--;
        ticket->paused -= one->rows;
        quell_joint_forget(one->paused);
        free(one);
    }
}

/* Calls quell_queue_tell if this is the conductor's thread and there may be something to tell. */
static void tell(quell_queue *queue)
{
    if (!quell_queue_conducts(queue)) return;
    double time = quell_queue_now();
    if (!queue->news_due && time < queue->told_at + SILENCE) return;
    queue->news_due = false;
    queue->told_at = time;
    quell_queue_tell(queue);
}

static void turn(void *user)
{
    quell_queue *queue = user;
    if (!quell_queue_conducts(queue)) return;
    pthread_mutex_lock(&queue->lock);
    tell(queue);
    pthread_mutex_unlock(&queue->lock);
}

static void idle(void *user)
{
    quell_queue *queue = user;
    pthread_mutex_lock(&queue->lock);
    tell(queue);
    quell_wait_until(&queue->work, &queue->lock, quell_queue_now() + PAUSE);
    pthread_mutex_unlock(&queue->lock);
}

static void wake(void *user)
{
    quell_queue *queue = user;
    pthread_mutex_lock(&queue->lock);
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
}

/* Plans the run. If there are fewer samples than threads, and the network is large enough, there is
 * one worker, whom the other threads help. */
static struct quell_joint plan(quell_queue *queue)
{
    struct quell_joint joint = {.core = queue->core,
                                .isa = queue->options.isa,
                                .user = queue,
                                .next = next,
                                .done = done,
                                .wanted = wanted,
                                .fate = fate,
                                .pause = pause_flight,
                                .turn = turn,
                                .idle = idle,
                                .wake = wake};
    size_t threads = queue->options.threads, rows = quell_queue_waiting(queue), bytes;
    size_t most = queue->options.rows ? queue->options.rows : SIZE_MAX / 2;
    if (rows > most) rows = most;
    if (!rows) rows = 1;
    joint.workers = rows < threads ? rows : threads;
    queue->threads_of_run = threads < most ? threads : most;
    if (rows < threads && quell_denoiser_helpers(queue->core, NULL, &bytes)) {
        joint.workers = 1;
        joint.helpers = threads - 1;
        queue->threads_of_run = 1;
    }
    joint.most = queue->core->rows * (joint.helpers + 1);
    if (joint.most > most / joint.workers) joint.most = most / joint.workers;
    for (const struct quell_flight *one = queue->flights; one; one = one->next)
        if (quell_queue_fits(queue, one->ticket) && one->rows > joint.most) joint.most = one->rows;
    return joint;
}

bool quell_queue_join(quell_queue *queue, const quell_ticket *leader)
{
    if (leader->work || !quell_joins(leader->request.sampler)) return false;
    queue->core = leader->request.sampler->denoiser->core;
    struct quell_joint joint = plan(queue);
    queue->workers = joint.workers;
    queue->most = joint.most;
    queue->taken = queue->leaving = queue->lacks_memory = false;
    queue->turn_ends = 0;
    /* Keeps the network, and so its address, even if the last request for it ends within the
     * run. */
    const quell_denoiser *core = queue->core;
    quell_denoiser_hold(core);
    queue->state.busy = 1;
    queue->state.runs++;
    pthread_mutex_unlock(&queue->lock);
    quell_status status = quell_joint_run(&joint);
    quell_denoiser_free((quell_denoiser *)(uintptr_t)core);
    pthread_mutex_lock(&queue->lock);
    queue->state.busy = 0;
    if (status) queue->lacks_memory = true;
    return queue->taken;
}
