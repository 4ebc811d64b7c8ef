/* SPDX-License-Identifier: MIT */
/* Samples that a client waits for: from what is asked to the bytes of the answer. */
#ifndef QUELL_SERVE_DRAWING_H
#define QUELL_SERVE_DRAWING_H

#include <stdatomic.h>
#include "cli/pictures/plot.h"
#include "queue/account.h"
#include "serve/encode.h"
#include "serve/samplers.h"
#include "serve/workshop.h"

#define SERVE_TAG 40      /* an ETag with its quotes */
#define SERVE_SMALL 65536 /* bytes of floats that take no longer to write than to hand on */

struct serve_events;
struct serve_models;
struct serve_server;
struct serve_stream;

/* models: of which one is drawn with.
 * holders: its request, the queue, and events that are being written.
 * account: of the client; held: the memory that it was given from there.
 * liked: the formats that the client takes. events: not NULL if it wants to see how they are drawn.
 * stream: not NULL if the answer is sent as its samples are drawn. whole: only
 *   if its length is known before.
 * tag: the name of the result, "" if the model is not reproducible, or it is told as events.
 * shown: what a sample is when it is decoded.
 * ticket, decoding: in the queue, where they are drawn and then decoded.
 * unwanted: nobody waits for it any more. cut: the server ends, and its client is told so. lost: it
 *   has failed once it was in the queue.
 * begun: when the request came.
 * work: its place where answers are written that take long to write; encoding: as far as it is
 *   written; encoded: all its samples are.
 * status, code, message, bytes, size: how it ended, with a status of HTTP if it has one of its own,
 *   and the answer. */
struct serve_drawing {
    atomic_int holders;
    struct serve_server *server;
    const struct serve_options *options;
    struct quell_account *account;
    size_t held;
    struct serve_models *models;
    const struct serve_model *model;
    struct serve_ask ask;
    struct serve_liked liked;
    struct serve_events *events;
    struct serve_stream *stream;
    bool whole;
    struct serve_sampler *sampler;
    char tag[SERVE_TAG];
    struct subject shown;
    quell_draw draw;
    int32_t *classes, *negative_classes;
    float *x, *decoded;
    quell_ticket *ticket;
    _Atomic(quell_ticket *) decoding;
    atomic_bool unwanted, cut, lost;
    double begun;
    struct serve_work work;
    struct serve_encoding *encoding;
    bool encoded;
    void (*ended)(void *user);
    void *user;
    quell_status status;
    unsigned code;
    char message[512];
    char *bytes;
    size_t size;
};

/* ---- Its life (drawing.c) ---- */

/* NULL if there is no memory. The caller holds it. */
struct serve_drawing *serve_drawing_new(struct serve_server *server, struct quell_account *account,
                                        struct serve_models *models,
                                        const struct serve_model *model, bool events);

/* Gives up one hold, and frees it with the last one. NULL is allowed. Thread-safe. */
void serve_drawing_drop(struct serve_drawing *drawing);

/* Whether its samples are decoded, and how many elements one of them has then. */
bool serve_drawing_decodes(const struct serve_drawing *drawing);
size_t serve_drawing_shown(const struct serve_drawing *drawing);

/* Notes what a sample shows. */
void serve_drawing_show(struct serve_drawing *drawing);

/* Finds the sampler, if it is there. */
void serve_drawing_find(struct serve_drawing *drawing);

/* Creates the sampler if it was not there, and the name of the result. Refuses a plan that
 * evaluates the model oftener than the server allows. */
quell_status serve_drawing_prepare(struct serve_drawing *drawing);

/* The memory that it will take, nearly. */
size_t serve_drawing_bytes(const struct serve_drawing *drawing);

/* Takes memory from the client's account; false if there is too little. Not thread-safe. */
bool serve_drawing_hold(struct serve_drawing *drawing, size_t bytes);

/* Puts it into the queue, which holds it then. ended(user) is called from another thread when the
 * answer is there, unless this fails. */
quell_status serve_drawing_begin(struct serve_drawing *drawing, void (*ended)(void *user),
                                 void *user);

/* Ends it soon, as nobody waits for it any more. */
void serve_drawing_cancel(struct serve_drawing *drawing);

/* Ends it soon, as the server does not wait for it; its client is told so. Whether it is to go on:
 * neither this, nor is it unwanted. */
void serve_drawing_cut(struct serve_drawing *drawing);
bool serve_drawing_goes_on(const struct serve_drawing *drawing);

/* Notes how a call for it has ended. */
void serve_drawing_fail(struct serve_drawing *drawing, quell_status status);

/* Fails with a status of HTTP of its own; because its time was up before it was in the queue;
 * because the server ends. */
quell_status serve_drawing_refuse(struct serve_drawing *drawing, unsigned code, const char *line);
quell_status serve_drawing_late(void);
quell_status serve_drawing_ends(void);

/* ---- Its parts ---- */

/* Gives it a name (name.c). */
void serve_drawing_name(struct serve_drawing *drawing);

/* Makes the draw, and memory for its samples (given.c). */
quell_status serve_drawing_fill(struct serve_drawing *drawing);

/* A request of the queue for it, without what is drawn (drawing.c). Fails if it is late. */
quell_status serve_drawing_request(const struct serve_drawing *drawing, quell_request *request);

/* Hears that samples are drawn: has them decoded and written as an answer (finish.c). */
void serve_drawing_finish(void *drawing, const quell_answer *answer);

#endif
