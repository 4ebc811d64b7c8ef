/* SPDX-License-Identifier: MIT */
/* Which samples are drawn next: those of the most urgent request, and of the others that can be
 * drawn with them, in the same order, until the run is full. */
#include "queue/queue.h"
#include "engine/layout.h"
#include "engine/sampler.h"

#include <stdint.h>
#include <stdlib.h>

/* How many tiles each thread draws in a run whose tiles take microseconds. */
#define SMALL_TILES 64

#define SLICE 0.05 /* seconds */

static size_t left(const quell_ticket *ticket) { return ticket->draw.count - ticket->begun; }

static bool waits(const quell_ticket *ticket)
{
    return (left(ticket) || ticket->paused) && !ticket->cancelled && !ticket->failure;
}

/* Below 0 if a goes before b: by priority; by what their clients have had so far; who has paused
 * after those that were there then; by whose time is up first; by arrival. */
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

/* How many samples a run for this sampler has at most. */
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

/* How many rows of work, which is not merged, are done at a time: as many as take SLICE, but one
 * for each thread at least. */
static size_t slice(const quell_queue *queue, const quell_ticket *ticket)
{
    size_t threads = queue->options.threads;
    double rows = ticket->pace > 0 ? SLICE / ticket->pace : 0;
    if (!(rows > (double)threads)) return threads;
    return rows < (double)ticket->draw.count ? (size_t)rows / threads * threads
                                             : ticket->draw.count;
}

/* Makes room for all requests in the lists of this file. */
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

/* Lists those that can be drawn with the leader, the most urgent one first. (A sampler whose
 * requests have been in a joint run is here only where there was no memory for another one.) */
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
