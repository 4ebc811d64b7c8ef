/* SPDX-License-Identifier: MIT */
/* Draws a batch. All its requests are drawn in one run; if that fails, each is drawn in a run of
 * its own, so that an error of one request does not affect the others. */
#include "base/draw_rows.h"
#include "engine/run_check.h"
#include "engine/sampler.h"
#include "queue/merge.h"
#include "queue/observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wanted(const struct quell_part *part)
{
    const quell_ticket *ticket = part->ticket;
    return ticket && !ticket->cancelled && quell_queue_now() < ticket->deadline;
}

static bool any_wanted(const quell_queue *queue)
{
    const struct quell_batch *batch = &queue->batch;
    if (queue->alone) return wanted(queue->alone);
    for (size_t i = 0; i < batch->count; i++)
        if (wanted(&batch->parts[i])) return true;
    return false;
}

/* The progress function of a run: stops the run if no request wants it any more. Any thread of the
 * run may call it: if one sample is divided among the threads, the conductor may only be a
 * helper. */
static int watch(void *user, const quell_progress *progress)
{
    quell_queue *queue = user;
    (void)progress;
    pthread_mutex_lock(&queue->lock);
    if (pthread_equal(pthread_self(), queue->conductor)) quell_queue_tell(queue);
    bool go_on = any_wanted(queue);
    pthread_mutex_unlock(&queue->lock);
    return go_on ? 0 : 1;
}

static quell_run run_of(quell_queue *queue)
{
    quell_run run = quell_run_defaults();
    run.threads = queue->options.threads;
    run.isa = queue->options.isa;
    run.progress = watch;
    run.progress_user = queue;
    pthread_mutex_lock(&queue->lock);
    bool observed = quell_queue_observed(queue);
    pthread_mutex_unlock(&queue->lock);
    if (!observed) return run;
    run.observe = quell_queue_observe;
    run.observe_user = queue;
    return run;
}

/* Records that the samples of a part have been drawn. */
static void note_drawn(quell_queue *queue, const struct quell_part *part)
{
    part->ticket->drawn += part->rows;
    if (!part->ticket->work) queue->state.drawn += part->rows;
}

/* Begins a run with one part alone. Returns false if its request is not wanted any more. */
static bool begin_alone(quell_queue *queue, const struct quell_part *part)
{
    pthread_mutex_lock(&queue->lock);
    bool begins = wanted(part);
    if (begins) part->ticket->held = true;
    queue->alone = begins ? part : NULL;
    pthread_mutex_unlock(&queue->lock);
    return begins;
}

/* Records the result of such a run. It has not failed if it was stopped because its request is not
 * wanted any more. */
static void end_alone(quell_queue *queue, const struct quell_part *part, quell_status status)
{
    quell_ticket *ticket = part->ticket;
    pthread_mutex_lock(&queue->lock);
    bool stopped = status == QUELL_STOPPED && !wanted(part);
    ticket->held = false;
    queue->alone = NULL;
    queue->state.runs += !ticket->work;
    if (!status) note_drawn(queue, part);
    if (status && !stopped) {
        ticket->failure = status;
        snprintf(ticket->message, sizeof ticket->message, "%s", quell_error_message());
    }
    pthread_mutex_unlock(&queue->lock);
}

/* Does a slice of other work, and measures how long a row of it takes. */
static void do_work(quell_queue *queue, const struct quell_part *part)
{
    quell_ticket *ticket = part->ticket;
    quell_run run = run_of(queue);
    double start = quell_queue_now();
    quell_status status = ticket->work(ticket->worker, &run, part->row, part->rows);
    ticket->pace = (quell_queue_now() - start) / (double)part->rows;
    end_alone(queue, part, status);
}

/* Draws one part, into the memory of its request. */
static void draw_alone(quell_queue *queue, const struct quell_part *part)
{
    if (!begin_alone(queue, part)) return;
    if (part->ticket->work) {
        do_work(queue, part);
        return;
    }
    const quell_request *request = &part->ticket->request;
    struct quell_draw_rows rows;
    quell_draw_rows(&rows, &part->ticket->draw, part->row, part->rows);
    queue->base = rows.draw.first;
    quell_run run = run_of(queue);
    float *x = request->x + part->row * request->sampler->denoiser->dim;
    end_alone(queue, part,
              quell_sample_part(request->sampler, &rows.draw, &run, request->from, part->row, x));
}

/* Copies the samples to the requests that have not ended meanwhile. */
static void hand_out(quell_queue *queue, const float *x)
{
    const struct quell_batch *batch = &queue->batch;
    size_t dim = batch->sampler->denoiser->dim;
    for (size_t i = 0; i < batch->count; i++) {
        const struct quell_part *part = &batch->parts[i];
        if (!part->ticket) continue;
        memcpy(part->ticket->request.x + part->row * dim, x + part->at * dim,
               part->rows * dim * sizeof *x);
        note_drawn(queue, part);
    }
}

/* Draws the samples into merged->x. They start from states that are drawn or, if a request gave its
 * own, from these. */
static quell_status draw_merged(quell_queue *queue, const struct quell_merged *merged)
{
    const quell_sampler *sampler = queue->batch.sampler;
    queue->base = merged->draw.first;
    quell_run run = run_of(queue);
    if (!merged->states) return quell_sample(sampler, &merged->draw, &run, merged->x);
    quell_status status = quell_sample_prior(sampler, &merged->draw, &run, merged->x);
    size_t dim = sampler->denoiser->dim;
    for (size_t row = 0; !status && row < merged->draw.count; row++)
        if (merged->given[row])
            memcpy(merged->x + row * dim, merged->states + row * dim, dim * sizeof *merged->x);
    if (status) return status;
    return quell_sample_from(sampler, &merged->draw, &run, merged->x);
}

/* Draws all parts in one run, into memory of the queue. Returns false if each part must be drawn
 * alone. */
static bool draw_together(quell_queue *queue)
{
    struct quell_merged merged;
    if (queue->batch.count < 2 || !quell_merge(&merged, &queue->batch)) return false;
    quell_status status = draw_merged(queue, &merged);
    pthread_mutex_lock(&queue->lock);
    queue->state.runs++;
    if (!status) hand_out(queue, merged.x);
    pthread_mutex_unlock(&queue->lock);
    free(merged.memory);
    return !status;
}

/* Divides the time of a run among the clients by their numbers of samples. A client whose request
 * has ended meanwhile is charged as well. */
static void charge(quell_queue *queue, double seconds)
{
    const struct quell_batch *batch = &queue->batch;
    for (size_t i = 0; i < batch->count; i++) {
        const struct quell_part *part = &batch->parts[i];
        quell_account_charge(part->account, seconds * (double)part->rows / (double)batch->rows);
        quell_account_close(part->account);
    }
}

void quell_queue_draw(quell_queue *queue)
{
    double start = quell_queue_clock();
    bool together = draw_together(queue);
    for (size_t i = 0; !together && i < queue->batch.count; i++)
        draw_alone(queue, &queue->batch.parts[i]);
    pthread_mutex_lock(&queue->lock);
    charge(queue, quell_queue_clock() - start);
    for (size_t i = 0; i < queue->batch.count; i++) {
        quell_ticket *ticket = queue->batch.parts[i].ticket;
        if (ticket) ticket->begun = ticket->drawn;
    }
    queue->batch.count = 0;
    pthread_mutex_unlock(&queue->lock);
}
