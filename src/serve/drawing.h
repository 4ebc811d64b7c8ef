/* SPDX-License-Identifier: MIT */
/* Samples that a client waits for: from what is asked to the bytes of the answer. */
#ifndef QUELL_SERVE_DRAWING_H
#define QUELL_SERVE_DRAWING_H

#include <stdatomic.h>
#include "cli/pictures/plot.h"
#include "serve/samplers.h"
#include "serve/workshop.h"

#define SERVE_TAG 40 /* an ETag with its quotes */

/* tag: the name of the result, "" if the model is not reproducible.
 * shown: what a sample is when it is decoded.
 * unwanted: nobody waits for it any more. begun: when the request came.
 * finishing: where answers are written that take long to write; work: the place there.
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
    struct serve_workshop *finishing;
    struct serve_work work;
    void (*ended)(void *user);
    void *user;
    quell_status status;
    char message[512];
    char *bytes;
    size_t size;
};

/* Checks the format, and finds the sampler, if it is there. */
quell_status serve_drawing_find(struct serve_drawing *drawing, struct serve_samplers *samplers);

/* Creates the sampler if it was not there, and the name of the result. */
quell_status serve_drawing_prepare(struct serve_drawing *drawing, struct serve_samplers *samplers);

/* Puts it into the queue. ended(user) is called from another thread when the answer is there,
 * unless this fails. */
quell_status serve_drawing_begin(struct serve_drawing *drawing, quell_queue *queue, uint64_t client,
                                 void (*ended)(void *user), void *user);

/* Ends it soon, as nobody waits for it any more. */
void serve_drawing_cancel(struct serve_drawing *drawing);

/* Notes that a call for it has failed, and why. */
void serve_drawing_fail(struct serve_drawing *drawing, quell_status status);

/* Frees everything; it must not be in the queue any more. */
void serve_drawing_free(struct serve_drawing *drawing, struct serve_samplers *samplers);

#endif
