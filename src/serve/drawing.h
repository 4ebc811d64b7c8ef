/* SPDX-License-Identifier: MIT */
/* Samples that a client waits for: from what is asked to the bytes of the answer. */
#ifndef QUELL_SERVE_DRAWING_H
#define QUELL_SERVE_DRAWING_H

#include <stdatomic.h>
#include "cli/pictures/plot.h"
#include "serve/samplers.h"
#include "serve/workshop.h"

#define SERVE_TAG 40 /* an ETag with its quotes */

struct serve_events;
struct serve_models;
struct serve_server;

/* models: of which one is drawn with.
 * holders: its request, the queue, and events that are being written.
 * accepted: the format that the client likes best. events: not NULL if it wants to see how they are
 *   drawn.
 * tag: the name of the result, "" if the model is not reproducible.
 * shown: what a sample is when it is decoded.
 * unwanted: nobody waits for it any more. begun: when the request came.
 * work: its place where answers are written that take long to write.
 * status, code, message, bytes, size: how it ended, with a status of HTTP if it has one of its own,
 *   and the answer. */
struct serve_drawing {
    atomic_int holders;
    struct serve_server *server;
    const struct serve_options *options;
    struct serve_models *models;
    const struct serve_model *model;
    struct serve_ask ask;
    enum serve_format accepted;
    struct serve_events *events;
    struct serve_sampler *sampler;
    char tag[SERVE_TAG];
    struct subject shown;
    quell_draw draw;
    int32_t *classes, *negative_classes;
    float *x, *decoded;
    quell_ticket *ticket;
    atomic_bool unwanted;
    double begun;
    struct serve_work work;
    void (*ended)(void *user);
    void *user;
    quell_status status;
    unsigned code;
    char message[512];
    char *bytes;
    size_t size;
};

/* NULL if there is no memory. The caller holds it. */
struct serve_drawing *serve_drawing_new(struct serve_server *server, struct serve_models *models,
                                        const struct serve_model *model, bool events);

/* Gives up one hold, and frees it with the last one. NULL is allowed. Thread-safe. */
void serve_drawing_drop(struct serve_drawing *drawing);

/* Checks the format, and finds the sampler, if it is there. */
quell_status serve_drawing_find(struct serve_drawing *drawing);

/* Creates the sampler if it was not there, and the name of the result. */
quell_status serve_drawing_prepare(struct serve_drawing *drawing);

/* The memory that it will take, nearly. */
size_t serve_drawing_bytes(const struct serve_drawing *drawing);

/* Puts it into the queue, which holds it then. ended(user) is called from another thread when the
 * answer is there, unless this fails. */
quell_status serve_drawing_begin(struct serve_drawing *drawing, quell_queue *queue, uint64_t client,
                                 void (*ended)(void *user), void *user);

/* Fails: the time of a request was up before it was in the queue. */
quell_status serve_drawing_late(void);

/* Ends it soon, as nobody waits for it any more. */
void serve_drawing_cancel(struct serve_drawing *drawing);

/* Notes how a call for it has ended. */
void serve_drawing_fail(struct serve_drawing *drawing, quell_status status);

#endif
