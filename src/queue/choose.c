/* SPDX-License-Identifier: MIT */
/* Chooses what is drawn next: samples of the ticket that goes first, and of all others that can be
 * drawn in the same run, in their order, until the run is full. */
#include "queue/queue.h"
#include "engine/layout.h"
#include "engine/sampler.h"

#include <stdint.h>
#include <stdlib.h>

/* How many tiles each thread draws in a run with tiles that take only microseconds. */
#define SMALL_TILES 64

#define SLICE 0.05 /* seconds that a slice of other work should take */

static size_t left(const quell_ticket *ticket) { return ticket->draw.count - ticket->begun; }

static bool waits(const quell_ticket *ticket)
{
    return (left(ticket) || ticket->paused) && !ticket->cancelled && !ticket->failure;
}

/* The order of tickets; below 0 if a goes before b. It is by priority, then by the time that their
 * clients have had, then by the round (a ticket whose flight was paused goes behind those that were
 * there at that time), then by the deadline, and then by arrival. */
static int compare(const quell_ticket *a, const quell_ticket *b)
{
    if (a->request.priority != b->request.priority)
        return a->request.priority > b->request.priority ? -1 : 1;
    if (quell_account_before(a->account, b->account)) return -1;
    if (quell_account_before(b->account, a->account)) return 1;
    if (a->round != b->round) return a->round < b->round ? -1 : 1;
    if (a->deadline != b->deadline) return a->deadline < b->deadline ? -1 : 1;
    return a->arrival < b->arrival ? -1 : 1;
}

static int compare_places(const void *a, const void *b)
{
    return compare(*(quell_ticket *const *)a, *(quell_ticket *const *)b);
}

quell_ticket *quell_queue_most_urgent_of(const quell_queue *queue, quell_which_fn *which)
{
    quell_ticket *best = NULL;
    pthread_mutex_lock(&queue->accounts->lock);
    for (quell_ticket *ticket = queue->first; ticket; ticket = ticket->next)
        if (waits(ticket) && (!best || compare(ticket, best) < 0) &&
            (!which || which(queue, ticket)) && quell_queue_may_begin(queue, ticket))
            best = ticket;
    pthread_mutex_unlock(&queue->accounts->lock);
    return best;
}

quell_ticket *quell_queue_most_urgent(const quell_queue *queue)
{
    return quell_queue_most_urgent_of(queue, NULL);
}

bool quell_ticket_before_paused(const quell_ticket *waits, const quell_ticket *pauses)
{
    quell_ticket then = *pauses;
    then.round = UINT64_MAX;
    pthread_mutex_lock(&then.account->accounts->lock);
    bool before = compare(waits, &then) < 0;
    pthread_mutex_unlock(&then.account->accounts->lock);
    return before;
}

/* The most samples that a run with this sampler has. */
static size_t most_rows(const quell_queue *queue, const quell_sampler *sampler)
{
    const quell_denoiser *denoiser = sampler->denoiser;
    size_t capacity = queue->options.capacity, threads = queue->options.threads;
    if (queue->options.rows) return queue->options.rows;
    if (denoiser->whole_batch) return capacity;
    struct quell_layout layout =
        quell_layout_plan(denoiser, SIZE_MAX / 2, threads, 0, 0, sampler->plan.cut);
    size_t tiles = denoiser->rows && layout.rows > 1 ? threads : SMALL_TILES * threads;
    if (layout.across > 1 || denoiser->dim > QUELL_TILE_ELEMENTS) tiles = threads;
    return layout.rows > capacity / tiles ? capacity : layout.rows * tiles;
}

/* How many rows of other work are done at a time: as many as take SLICE seconds, but at least one
 * for each thread. */
static size_t slice(const quell_queue *queue, const quell_ticket *ticket)
{
    size_t threads = queue->options.threads;
    double rows = ticket->pace > 0 ? SLICE / ticket->pace : 0;
    if (!(rows > (double)threads)) return threads;
    return rows < (double)ticket->draw.count ? (size_t)rows / threads * threads
                                             : ticket->draw.count;
}

/* Makes room for all tickets in the lists of this file. */
static bool make_room(quell_queue *queue)
{
    size_t room = queue->state.requests;
    if (room <= queue->room) return true;
    free(queue->order);
    free(queue->places);
    queue->order = malloc(2 * room * sizeof *queue->order);
    queue->places = malloc(2 * room * sizeof *queue->places);
    queue->room = queue->order && queue->places ? 2 * room : 0;
    return queue->room;
}

static void take(struct quell_batch *batch, quell_ticket *ticket, size_t most)
{
    size_t room = most - batch->rows;
    size_t rows = left(ticket) < room ? left(ticket) : room;
    batch->parts[batch->count++] = (struct quell_part){ticket, quell_account_hold(ticket->account),
                                                       ticket->begun, rows, batch->rows};
    batch->rows += rows;
    ticket->begun += rows;
}

/* Lists the tickets that can be drawn in one run with the leader, in their order. (A sampler that
 * can be in a joint run comes here only if there was no memory for one.) */
static size_t list_others(quell_queue *queue, const quell_ticket *leader)
{
    size_t count = 0;
    for (quell_ticket *ticket = queue->first; ticket; ticket = ticket->next)
        if (waits(ticket) && !ticket->flights &&
            (ticket == leader || (!ticket->work && quell_tickets_merge(leader, ticket))))
            queue->order[count++] = ticket;
    pthread_mutex_lock(&queue->accounts->lock);
    qsort(queue->order, count, sizeof *queue->order, compare_places);
    pthread_mutex_unlock(&queue->accounts->lock);
    return count;
}

void quell_queue_choose(quell_queue *queue)
{
    struct quell_batch *batch = &queue->batch;
    quell_ticket *leader = quell_queue_most_urgent(queue);
    batch->count = batch->rows = 0;
    if (!leader) return;
    batch->sampler = leader->request.sampler;
    size_t most = leader->work ? slice(queue, leader) : most_rows(queue, batch->sampler);
    bool room = make_room(queue);
    batch->parts = room ? queue->places : &queue->place;
    if (!room) {
        take(batch, leader, most);
        return;
    }
    size_t count = list_others(queue, leader);
    for (size_t i = 0; i < count && batch->rows < most; i++) take(batch, queue->order[i], most);
}
