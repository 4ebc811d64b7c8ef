/* SPDX-License-Identifier: MIT */
/* Queues: requests from any threads, whose samples are drawn together. */
#ifndef QUELL_QUEUE_H
#define QUELL_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <quell/run.h>
#include <quell/sampler.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A queue: opaque. It takes requests from any threads and draws them with threads of its own. Rows
 * of different requests for the same network are computed together, whatever their samplers are and
 * however far each of them is, because a network is faster with many rows than with one. Requests
 * with other denoisers go into one run if they have the same sampler. All others use the threads in
 * turn. With a reproducible denoiser the samples of a request have the bits of quell_sample,
 * whatever other requests there are. */
typedef struct quell_queue quell_queue;

/* A request that a queue has taken: opaque. */
typedef struct quell_ticket quell_ticket;

/* How a queue works. Start from quell_queue_defaults().
 *
 * threads, isa: as in quell_run (0, NULL).
 * rows: how many samples are drawn at a time, at most. With more rows the threads do more in the
 *   same time; with fewer rows each sample is done sooner, and the next requests wait less. 0: as
 *   many as keep all threads busy with the batch size that suits the denoiser best (0).
 * capacity: the greatest number of samples in the queue, over all requests: those that wait and
 *   those that are being drawn; at least 1, and at least `rows`. A request that would exceed it is
 *   refused (65536). */
typedef struct quell_queue_options {
    size_t size;
    size_t threads;
    const char *isa;
    size_t rows;
    size_t capacity;
} quell_queue_options;

/* Returns the defaults: as many threads as the machine allows, and 65536 samples. */
static inline quell_queue_options quell_queue_defaults(void)
{
    quell_queue_options options;
    options.size = sizeof options;
    options.threads = 0;
    options.isa = NULL;
    options.rows = 0;
    options.capacity = 65536;
    return options;
}

/* What a queue tells of a request.
 *
 * drawn: how many samples are drawn: x[drawn][dim] is complete.
 * ended: 1 if the request has ended and this is the last call for it: the queue no longer uses its
 *   x, its draw and its sampler. Else 0.
 * status, message: how it ended, with the line of quell_error_message(), which is valid during the
 *   call; QUELL_OK and "" until then. */
typedef struct quell_answer {
    size_t drawn;
    int ended;
    quell_status status;
    const char *message;
} quell_answer;

/* Is called each time that some samples of a request are drawn, and once when the request ends. It
 * is called in the queue's own thread, one call at a time for all requests. Nothing is drawn until
 * it returns, so it should be brief. It may submit and cancel, but must not wait for a ticket, or
 * close or free the queue. */
typedef void quell_answer_fn(void *user, const quell_answer *answer);

/* A request: what is wanted, and how urgently. Start from quell_request_defaults().
 *
 * sampler: must last until the request has ended.
 * draw: what is drawn, as for quell_sample; NULL for the defaults. The struct is copied; the arrays
 *   that it points to must last, unchanged, until the request has ended (NULL).
 * x: x[count][dim], to which the samples are written until the request has ended.
 * from: 1 if x holds states to start from, as for quell_sample_from; 0: they are drawn, as in
 *   quell_sample (0).
 * client: a number for the client. Among requests of the same priority, clients have equal shares
 *   of the time, however many requests each makes (0).
 * priority: requests of a higher one go first, always (0).
 * seconds: a time limit from now on, at least 0. A request that is not complete then ends with
 *   QUELL_STOPPED. Among the requests of one client, the one whose time ends first goes first. 0:
 *   none (0).
 * answer, user: a function that is told of the request, and its first argument. NULL: none (NULL,
 *   NULL).
 * observe, observe_user: a function that sees the samples of this request after every transition,
 *   as in quell_run, and its first argument. It is called from many threads at once, never after
 *   the request has ended, and must not wait for a ticket or free the queue. Returns as a
 *   quell_denoise_fn: > 0 cancels the request, and < 0 ends it with QUELL_DENOISER_FAILED. A run
 *   may have samples of several requests. If it fails, those of the requests that go on begin
 *   anew, and the function sees their transitions a second time. NULL: none (NULL, NULL). */
typedef struct quell_request {
    size_t size;
    const quell_sampler *sampler;
    const quell_draw *draw;
    float *x;
    int from;
    uint64_t client;
    int priority;
    double seconds;
    quell_answer_fn *answer;
    void *user;
    quell_observe_fn *observe;
    void *observe_user;
} quell_request;

/* Returns the defaults: no sampler and no x yet, client 0, priority 0, no time limit, and no
 * functions. */
static inline quell_request quell_request_defaults(void)
{
    quell_request request;
    request.size = sizeof request;
    request.sampler = NULL;
    request.draw = NULL;
    request.x = NULL;
    request.from = 0;
    request.client = 0;
    request.priority = 0;
    request.seconds = 0;
    request.answer = NULL;
    request.user = NULL;
    request.observe = NULL;
    request.observe_user = NULL;
    return request;
}

/* What a queue is doing.
 *
 * requests, samples: how many of each are in the queue. drawn: how many samples it has drawn since
 * it was created. runs: in how many runs they were drawn; a run that pauses for others counts
 * several times. busy: 1 if a run is going on, else 0. */
typedef struct quell_queue_state {
    size_t requests;
    size_t samples;
    uint64_t drawn;
    uint64_t runs;
    int busy;
} quell_queue_state;

/* Creates a queue and starts its threads. `options` may be NULL for the defaults. Fails with
 * QUELL_BAD_ARGUMENT, QUELL_NOT_FOUND (isa), QUELL_NO_MEMORY, or QUELL_UNSUPPORTED if no thread can
 * be started. Thread-safe. */
QUELL_API quell_status quell_queue_create(quell_queue **queue, const quell_queue_options *options);

/* Puts a request into the queue. What quell_sample would refuse is refused here, with the same
 * status. Fails with QUELL_BUSY if the queue is full: try again later; and with QUELL_BAD_ARGUMENT
 * if the request alone is larger than the queue's capacity, or if the queue is closed. On success
 * *ticket stands for the request; the caller frees it with quell_ticket_free. `ticket` may be NULL
 * for a request that its `answer` takes care of. Thread-safe. */
QUELL_API quell_status quell_queue_submit(quell_queue *queue, const quell_request *request,
                                          quell_ticket **ticket);

/* Writes what the queue is doing to *state. With a NULL it does nothing, or sets all of it to 0.
 * Thread-safe. */
QUELL_API void quell_queue_look(quell_queue *queue, quell_queue_state *state);

/* Closes the queue: it takes no more requests. Waits until all that it has taken have ended, or for
 * `seconds`; then it returns QUELL_BUSY, and may be called again. A negative number has no limit.
 * Thread-safe. */
QUELL_API quell_status quell_queue_close(quell_queue *queue, double seconds);

/* Ends the queue: cancels the requests that have not ended, waits until they have, and ends its
 * threads. Tickets stay valid. NULL is allowed. Nobody may use the queue at the same time. In a
 * child of fork() this leaves the memory alone. */
QUELL_API void quell_queue_free(quell_queue *queue);

/* Waits until the request has ended, or for `seconds`; a negative number has no limit, and 0 does
 * not wait. Returns how it ended: QUELL_OK if all its samples are drawn, QUELL_STOPPED if it was
 * cancelled or its time was up, or what quell_sample would have returned, each with its message;
 * or QUELL_BUSY if it has not ended. Thread-safe. */
QUELL_API quell_status quell_ticket_wait(quell_ticket *ticket, double seconds);

/* Returns how many samples are drawn so far: x[drawn][dim] is complete. Thread-safe. */
QUELL_API size_t quell_ticket_drawn(quell_ticket *ticket);

/* Cancels a request: it ends with QUELL_STOPPED within about a twentieth of a second, or, if that
 * takes longer, when one instruction of a network is done, or, without a network, one transition of
 * one tile. If other requests are drawn in the same run, it ends when one evaluation of the network
 * is done; they are not affected. Does nothing if it has ended. NULL is allowed. Thread-safe. */
QUELL_API void quell_ticket_cancel(quell_ticket *ticket);

/* Gives up a ticket; the request goes on. NULL is allowed. Thread-safe, but for other uses of this
 * ticket. */
QUELL_API void quell_ticket_free(quell_ticket *ticket);

#ifdef __cplusplus
}
#endif
#endif
