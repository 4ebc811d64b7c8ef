/* SPDX-License-Identifier: MIT */
/* A run has rows of several requests, and the observer of each request is called with its own
 * rows. */
#include "base/fail.h"
#include "base/fail_last.h"
#include "base/number.h"
#include "engine/sampler.h"
#include "queue/observe.h"

#include <string.h>

/* Returns the ticket of a part if it has an observer to call, and keeps it from ending until the
 * caller decreases ticket->observed; else NULL. */
static quell_ticket *hold(quell_queue *queue, const struct quell_part *part)
{
    pthread_mutex_lock(&queue->lock);
    quell_ticket *ticket = part->ticket;
    if (ticket && (!ticket->request.observe || ticket->cancelled)) ticket = NULL;
    if (ticket) ticket->observed++;
    pthread_mutex_unlock(&queue->lock);
    return ticket;
}

void quell_queue_end_observed(quell_ticket *ticket, int result, unsigned before, size_t transition,
                              const quell_call *told)
{
    bool explained = quell_fail_explains(result, before);
    if (!result || ticket->cancelled) return;
    ticket->cancelled = true;
    if (quell_fail_result(result, before) > 0 || ticket->failure) return;
    ticket->failure = QUELL_DENOISER_FAILED;
    quell_print(ticket->message, sizeof ticket->message, "run: sample %llu, transition %zu: %s",
                (unsigned long long)told->first, transition,
                explained ? quell_error_message() : "the observer returned an error");
}

/* Makes what an observer is told of `rows` rows of a tile, from row `at` on. The first of them has
 * the index `first` in its own draw. */
static quell_call cut(const quell_call *told, size_t at, size_t rows, uint64_t first,
                      quell_condition conditions[QUELL_MAX_CONDITIONS], size_t count)
{
    quell_call part = *told;
    part.first = first;
    part.rows = rows;
    if (part.classes) part.classes += at;
    if (part.seeds) part.seeds += at;
    if (part.indices) part.indices += at;
    if (!told->conditions) return part;
    memcpy(conditions, told->conditions, count * sizeof *conditions);
    for (size_t i = 0; i < count; i++) {
        if (!conditions[i].count) continue;
        conditions[i].count = rows;
        if (conditions[i].values) conditions[i].values += at * conditions[i].size;
    }
    part.conditions = conditions;
    return part;
}

int quell_queue_observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                        const float *x)
{
    quell_queue *queue = user;
    const struct quell_batch *batch = &queue->batch;
    const struct quell_part *parts = queue->alone ? queue->alone : batch->parts;
    size_t count = queue->alone ? 1 : batch->count, taken = batch->sampler->denoiser->conditions;
    size_t first = (size_t)(told->first - queue->base), end = first + told->rows;
    for (size_t i = 0; i < count; i++) {
        const struct quell_part *part = &parts[i];
        size_t at = queue->alone ? 0 : part->at;
        size_t from = first > at ? first : at;
        size_t to = end < at + part->rows ? end : at + part->rows;
        quell_ticket *ticket = from < to ? hold(queue, part) : NULL;
        if (!ticket) continue;
        quell_condition conditions[QUELL_MAX_CONDITIONS];
        const quell_request *request = &ticket->request;
        quell_call own = cut(told, from - first, to - from,
                             ticket->draw.first + part->row + (from - at), conditions, taken);
        unsigned before = quell_fail_count();
        int result = request->observe(request->observe_user, transition, s, &own,
                                      x + (from - first) * told->dim);
        pthread_mutex_lock(&queue->lock);
        ticket->observed--;
        quell_queue_end_observed(ticket, result, before, transition, &own);
        pthread_mutex_unlock(&queue->lock);
    }
    return 0;
}

bool quell_queue_observed(const quell_queue *queue)
{
    const struct quell_batch *batch = &queue->batch;
    if (queue->alone) return queue->alone->ticket->request.observe;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->parts[i].ticket && batch->parts[i].ticket->request.observe) return true;
    return false;
}
