/* SPDX-License-Identifier: MIT */
#include "asking.h"
#include "harness.h"
#include "models.h"

#include <limits.h>
#include <string.h>

quell_queue *queue_of(size_t threads, size_t rows)
{
    quell_queue *queue;
    quell_queue_options options = quell_queue_defaults();
    options.threads = threads;
    options.rows = rows;
    MUST(quell_queue_create(&queue, &options));
    return queue;
}

quell_request request_for(const quell_sampler *sampler, const quell_draw *draw, float *x)
{
    quell_request request = quell_request_defaults();
    request.sampler = sampler;
    request.draw = draw;
    request.x = x;
    return request;
}

/* Waits for somebody to open the gate. */
static int stand(void *user, const quell_call *call, const float *input, float *output)
{
    struct gate *gate = user;
    (void)input;
    memset(output, 0, call->rows * call->dim * sizeof *output);
    pthread_mutex_lock(&gate->lock);
    gate->reached = true;
    pthread_cond_broadcast(&gate->change);
    while (!gate->opened) pthread_cond_wait(&gate->change, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return 0;
}

void gate_shut(struct gate *gate, quell_queue *queue)
{
    memset(gate, 0, sizeof *gate);
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->change, NULL);
    quell_function_options options = quell_function_defaults();
    MUST(quell_denoiser_from_function(&gate->denoiser, 1, stand, gate, &options));
    gate->schedule = must_schedule("rectified");
    gate->sampler = must_sampler("euler", gate->denoiser, gate->schedule, 1);
    quell_request request = request_for(gate->sampler, NULL, &gate->x);
    request.priority = INT_MAX;
    request.client = UINT64_MAX;
    MUST(quell_queue_submit(queue, &request, &gate->ticket));
    pthread_mutex_lock(&gate->lock);
    while (!gate->reached) pthread_cond_wait(&gate->change, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->opened = true;
    pthread_cond_broadcast(&gate->change);
    pthread_mutex_unlock(&gate->lock);
}

void gate_free(struct gate *gate)
{
    quell_ticket_wait(gate->ticket, -1);
    quell_ticket_free(gate->ticket);
    quell_sampler_free(gate->sampler);
    quell_schedule_free(gate->schedule);
    quell_denoiser_free(gate->denoiser);
    pthread_cond_destroy(&gate->change);
    pthread_mutex_destroy(&gate->lock);
}

void record_begin(struct record *record)
{
    memset(record, 0, sizeof *record);
    pthread_mutex_init(&record->lock, NULL);
}

void record_add(struct record *record, char letter)
{
    pthread_mutex_lock(&record->lock);
    if (record->used < sizeof record->text - 1) record->text[record->used++] = letter;
    pthread_mutex_unlock(&record->lock);
}
