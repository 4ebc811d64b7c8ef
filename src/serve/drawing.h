/* SPDX-License-Identifier: MIT */
/* A drawing: the samples of one request, from its parameters to the bytes of the answer. */
#ifndef QUELL_SERVE_DRAWING_H
#define QUELL_SERVE_DRAWING_H

#include <stdatomic.h>
#include "cli/pictures/plot.h"
#include "queue/account.h"
#include "serve/encode.h"
#include "serve/samplers.h"
#include "serve/workshop.h"

#define SERVE_TAG 40      /* bytes for an ETag with its quotes */
#define SERVE_SMALL 65536 /* up to so many bytes of floats are written at once, in any thread */

struct serve_events;
struct serve_models;
struct serve_server;
struct serve_stream;

/* A drawing. It is shared by its request, the queue, and events that are being written. */
struct serve_drawing {
    atomic_int holders; /* reference count */
    struct serve_server *server;
    const struct serve_options *options;
    struct quell_account *account; /* the client's */
    size_t held;                   /* bytes of memory that were taken from that account */
    struct serve_models *models;   /* the set of models that `model` belongs to */
    const struct serve_model *model;
    struct serve_ask ask;
    struct serve_accepted accepted; /* the formats of the Accept header, in order of preference */
    struct serve_events *events;    /* NULL unless the client asked for events */
    struct serve_stream *stream;    /* NULL unless the answer is sent while samples are drawn */
    bool whole;                     /* the length of the answer must be known before it is sent */
    struct serve_sampler *sampler;
    char tag[SERVE_TAG];  /* the ETag; "" for events, and if the model is not reproducible */
    struct subject shown; /* the shape of a sample in the answer, after decoding */
    quell_draw draw;
    int32_t *classes, *negative_classes;
    float *x, *decoded;               /* the samples, and the decoded samples */
    quell_ticket *ticket;             /* in the queue, while samples are drawn */
    _Atomic(quell_ticket *) decoding; /* in the queue, while samples are decoded */
    atomic_bool abandoned;            /* the client has gone */
    atomic_bool cut;  /* the server is stopping, does not wait for it, and tells the client so */
    atomic_bool lost; /* it failed after it was put into the queue */
    double begun;     /* when the request came */
    struct serve_work work;          /* the writing of the answer, in a workshop */
    struct serve_encoding *encoding; /* the answer that is being written */
    bool encoded;                    /* all samples have been added to `encoding` */
    void (*ended)(void *user);       /* called when the answer is ready, or has failed */
    void *user;
    quell_status status; /* how it ended */
    unsigned code;       /* the HTTP status, if it is not the usual one for `status`; else 0 */
    char message[512];   /* why it failed */
    char *bytes;         /* the answer */
    size_t size;
};

/* ---- Life of a drawing (drawing.c) ---- */

/* Creates a drawing, with one reference, which the caller holds. NULL if there is no memory. */
struct serve_drawing *serve_drawing_new(struct serve_server *server, struct quell_account *account,
                                        struct serve_models *models,
                                        const struct serve_model *model, bool events);

/* Drops one reference, and frees the drawing with the last one. NULL is allowed. Thread-safe. */
void serve_drawing_drop(struct serve_drawing *drawing);

/* Whether its samples are decoded, and how many elements one sample of the answer has. */
bool serve_drawing_decodes(const struct serve_drawing *drawing);
size_t serve_drawing_shown(const struct serve_drawing *drawing);

/* Sets `shown`. */
void serve_drawing_show(struct serve_drawing *drawing);

/* Sets `sampler` if such a sampler exists already. */
void serve_drawing_find(struct serve_drawing *drawing);

/* Creates the sampler if it does not exist yet, and computes the ETag. Refuses a plan that
 * evaluates the model more often than the server allows. */
quell_status serve_drawing_prepare(struct serve_drawing *drawing);

/* An estimate of the bytes of memory that the drawing will take. */
size_t serve_drawing_bytes(const struct serve_drawing *drawing);

/* Takes bytes of memory from the client's account; returns false if it has too few left. Not
 * thread-safe. */
bool serve_drawing_hold(struct serve_drawing *drawing, size_t bytes);

/* Puts the drawing into the queue, which then holds a reference. If this succeeds, ended(user) is
 * called from another thread when the answer is ready. */
quell_status serve_drawing_begin(struct serve_drawing *drawing, void (*ended)(void *user),
                                 void *user);

/* Makes it end soon, because its client has gone. */
void serve_drawing_cancel(struct serve_drawing *drawing);

/* Makes it end soon, because the server is stopping; its client is told so. */
void serve_drawing_cut(struct serve_drawing *drawing);

/* Whether it has neither been cancelled nor cut. */
bool serve_drawing_goes_on(const struct serve_drawing *drawing);

/* Records the status of a call, and the error message if it failed. */
void serve_drawing_fail(struct serve_drawing *drawing, quell_status status);

/* Fails with the message `line`, and the HTTP status `code`. */
quell_status serve_drawing_refuse(struct serve_drawing *drawing, unsigned code, const char *line);

/* Fails because the time of the request was up before it could be put into the queue. */
quell_status serve_drawing_late(void);

/* Fails because the server is stopping. */
quell_status serve_drawing_ends(void);

/* ---- Parts of a drawing ---- */

/* Computes the ETag (name.c). */
void serve_drawing_name(struct serve_drawing *drawing);

/* Sets up `draw`, and allocates the memory for its samples (drawing_given.c). */
quell_status serve_drawing_fill(struct serve_drawing *drawing);

/* Fills in a request for the queue, all but what is to be drawn (drawing.c). Fails if the time of
 * the drawing is up. */
quell_status serve_drawing_request(const struct serve_drawing *drawing, quell_request *request);

/* The queue's answer function: has the samples decoded, and written as an answer (finish.c). */
void serve_drawing_finish(void *drawing, const quell_answer *answer);

#endif
