/* SPDX-License-Identifier: MIT */
/* Turns in joint runs. A request of many steps has the network in turns, between which others have
 * theirs: its flights are paused after any evaluation, and go on later, perhaps in another run. */
#include "queue/queue.h"
#include "engine/sampler.h"
#include "engine/joint.h"

/* A turn ends after so many evaluations, or at the first check after so many seconds. */
#define EVALUATIONS 64
#define SECONDS 0.05

/* The limit on paused samples of one network, as a multiple of the samples that are drawn at a
 * time. It exists because paused samples need memory beside their x. */
#define PAUSED 4

bool quell_queue_conducts(const quell_queue *queue)
{
    return pthread_equal(pthread_self(), queue->conductor);
}

bool quell_ticket_is_wanted(const quell_ticket *ticket)
{
    return !ticket->cancelled && !ticket->failure && quell_queue_now() < ticket->deadline;
}

bool quell_queue_fits(const quell_queue *queue, const quell_ticket *ticket)
{
    const quell_sampler *sampler = ticket->request.sampler;
    return !ticket->work && quell_joins(sampler) && sampler->denoiser->core == queue->core;
}

size_t quell_queue_waiting(const quell_queue *queue)
{
    size_t rows = 0;
    for (const quell_ticket *ticket = queue->first; ticket; ticket = ticket->next)
        if (quell_ticket_is_wanted(ticket) && quell_queue_fits(queue, ticket))
            rows += ticket->draw.count - ticket->begun + ticket->paused;
    return rows;
}

/* Whether a ticket must not begin, because too many samples of its network are paused. Samples of a
 * lower priority do not count. */
static bool is_crowded_out(const quell_queue *queue, const quell_ticket *ticket)
{
    const quell_denoiser *core = ticket->request.sampler->denoiser->core;
    size_t most = queue->options.rows, places = core->rows * queue->options.threads, rows = 0;
    if (most && places > most) places = most;
    for (const struct quell_flight *one = queue->flights; one; one = one->next)
        if (one->paused && one->ticket->request.priority >= ticket->request.priority &&
            one->ticket->request.sampler->denoiser->core == core)
            rows += one->rows;
    return rows / PAUSED >= places;
}

bool quell_queue_may_begin(const quell_queue *queue, const quell_ticket *ticket)
{
    if (!queue->flights || ticket->paused || ticket->work) return true;
    return !quell_joins(ticket->request.sampler) || !is_crowded_out(queue, ticket);
}

quell_ticket *quell_queue_candidate(const quell_queue *queue)
{
    quell_ticket *first = quell_queue_most_urgent(queue);
    bool fits = first && quell_ticket_is_wanted(first) && quell_queue_fits(queue, first);
    return fits ? first : NULL;
}

/* Whether none of a ticket's samples are in the run. A request with some samples in it, and others
 * for which there was no room yet, is not another one. */
static bool is_other(const quell_queue *queue, const quell_ticket *ticket)
{
    (void)queue;
    return !ticket->flying && quell_ticket_is_wanted(ticket);
}

static bool is_other_that_fits(const quell_queue *queue, const quell_ticket *ticket)
{
    return is_other(queue, ticket) && quell_queue_fits(queue, ticket);
}

/* Whether a ticket that cannot be in the run goes before all tickets that are in it. */
static bool others_have_their_turn(const quell_queue *queue)
{
    const quell_ticket *first = quell_queue_most_urgent_of(queue, is_other);
    if (!first || quell_queue_fits(queue, first)) return false;
    for (const struct quell_flight *one = queue->flights; one; one = one->next)
        if (!one->paused && !quell_ticket_before_paused(first, one->ticket)) return false;
    return true;
}

/* Whether it is better to end this run and begin another one: that would have more workers, or a
 * worker that may take more samples. */
static bool begins_anew(const quell_queue *queue)
{
    size_t waiting = quell_queue_waiting(queue);
    if (queue->workers < queue->threads_of_run) return waiting > 1;
    return queue->workers == 1 && waiting && !quell_queue_conducts(queue);
}

/* Whether a ticket that could be in the run, but has no place in it, goes before this flight. */
static bool gives_place(const quell_queue *queue, const struct quell_flight *flight)
{
    const quell_ticket *next = quell_queue_most_urgent_of(queue, is_other_that_fits);
    return next && quell_ticket_before_paused(next, flight->ticket);
}

bool quell_queue_pauses(quell_queue *queue, struct quell_flight *flight)
{
    double now = quell_queue_now();
    if (queue->turn_ends == 0) queue->turn_ends = now + SECONDS;
    bool over = ++flight->had >= EVALUATIONS;
    if (queue->leaving) return true;
    if (!over && now < queue->turn_ends) return false;
    queue->turn_ends = now + SECONDS;
    queue->leaving = others_have_their_turn(queue) || begins_anew(queue);
    if (over) flight->had = 0;
    return queue->leaving || (over && gives_place(queue, flight));
}
