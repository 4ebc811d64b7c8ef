/* SPDX-License-Identifier: MIT */
/* Samples that a client waits for: from what is asked to the bytes of the answer. */
#ifndef QUELL_SERVE_DRAWING_H
#define QUELL_SERVE_DRAWING_H

#include <stdatomic.h>
#include "cli/pictures/plot.h"
#include "serve/samplers.h"

#define SERVE_TAG 40 /* an ETag with its quotes */

/* tag: the name of the result, "" if the model is not reproducible.
 * shown: what a sample is when it is decoded.
 * unwanted: nobody waits for it any more. begun: when the request came.
 * status, message, bytes, size: how it ended, and the answer. */
struct serve_drawing {
    const struct serve_model *model;
    struct serve_ask ask;
    struct serve_sampler *sampler;
    char tag[SERVE_TAG];
    struct subject shown;
    quell_draw draw;
    int32_t *classes, *negative_classes;
    float *x, *decoded;
    quell_ticket *ticket;
    atomic_bool unwanted;
    double begun;
    const struct serve_options *options;
    void (*ended)(void *user);
    void *user;
    quell_status status;
    char message[512];
    char *bytes;
    size_t size;
};

/* Prepares what drawing->ask wants, without drawing: its sampler, its tag, its memory. */
quell_status serve_drawing_prepare(struct serve_drawing *drawing, struct serve_samplers *samplers);

/* Puts it into the queue. ended(user) is called from the queue's thread when the answer is there,
 * unless this fails. */
quell_status serve_drawing_begin(struct serve_drawing *drawing, quell_queue *queue, uint64_t client,
                                 void (*ended)(void *user), void *user);

/* Ends it soon, as nobody waits for it any more. */
void serve_drawing_cancel(struct serve_drawing *drawing);

/* Frees everything; it must not be in the queue any more. */
void serve_drawing_free(struct serve_drawing *drawing, struct serve_samplers *samplers);

#endif
