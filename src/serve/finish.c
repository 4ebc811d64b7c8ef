/* SPDX-License-Identifier: MIT */
/* Turns samples into an answer. They are decoded by the queue, in slices between which other
 * clients have their turn, and then, unless they are sent as a stream, written as bytes in a
 * workshop, in slices as well. */
#include "base/draw_rows.h"
#include "base/fail.h"
#include "queue/queue.h"
#include "serve/drawing.h"
#include "serve/server.h"
#include "serve/stream.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Bytes ---- */

/* Moves the answer from the encoding to the drawing, and frees the memory that it does not need. */
static void take_answer(struct serve_drawing *drawing)
{
    struct serve_text text = {NULL, 0, 0};
    serve_encoding_take(drawing->encoding, &text);
    char *bytes = realloc(text.bytes, text.size);
    drawing->bytes = bytes ? bytes : text.bytes;
    drawing->size = text.size;
}

/* Writes the next samples or, after the last one, some of what follows them. *more is false when
 * the answer is complete. */
static quell_status write_some(struct serve_drawing *drawing, bool *more)
{
    const float *x = drawing->decoded ? drawing->decoded : drawing->x;
    size_t count = drawing->ask.count;
    quell_status status = QUELL_OK;
    *more = true;
    if (!drawing->encoding)
        status =
            serve_encoding_begin(&drawing->encoding, drawing->ask.format, &drawing->shown, count);
    if (status) return status;
    if (!drawing->encoded) {
        bool rest;
        status = serve_encoding_add(drawing->encoding, count, x, &rest);
        drawing->encoded = !rest;
        if (status || rest) return status;
    }
    status = serve_encoding_end(drawing->encoding, more);
    if (!status && !*more) take_answer(drawing);
    return status;
}

/* Ends a drawing. The samples of a stream are sent from the memory where they were drawn, so they
 * are kept. */
static void end(struct serve_drawing *drawing)
{
    if (!drawing->stream) {
        free(drawing->x);
        free(drawing->decoded);
        drawing->x = drawing->decoded = NULL;
    }
    atomic_store(&drawing->lost, drawing->status != QUELL_OK);
    serve_encoding_free(drawing->encoding);
    drawing->encoding = NULL;
    drawing->ended(drawing->user);
    serve_drawing_drop(drawing);
}

/* Writes a slice of the answer, in a workshop. Returns whether there is more to write. */
static bool encode(void *user)
{
    struct serve_drawing *drawing = user;
    bool wanted = !drawing->status && !drawing->stream && !atomic_load(&drawing->abandoned) &&
                  drawing->ask.format < SERVE_FORMATS;
    bool more = false;
    if (wanted && atomic_load(&drawing->cut))
        serve_drawing_fail(drawing, serve_drawing_ends());
    else if (wanted)
        serve_drawing_fail(drawing, write_some(drawing, &more));
    if (more && !drawing->status) return true;
    end(drawing);
    return false;
}

/* Whether writing the answer takes no longer than handing it to a workshop would. */
static bool is_small(const struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    size_t bytes = ask->count * serve_drawing_shown(drawing) * sizeof(float);
    return bytes <= SERVE_SMALL && (ask->format == SERVE_NPY || ask->format == SERVE_RAW);
}

static void write_answer(struct serve_drawing *drawing)
{
    if (drawing->status || drawing->stream || is_small(drawing)) {
        encode(drawing);
        return;
    }
    drawing->work =
        (struct serve_work){.work = encode, .user = drawing, .account = drawing->account};
    serve_workshop_add(&drawing->server->finishing, &drawing->work);
}

/* ---- Decoding ---- */

static quell_status decode_rows(void *user, const quell_run *run, size_t row, size_t rows)
{
    struct serve_drawing *drawing = user;
    struct quell_draw_rows part;
    quell_draw_rows(&part, &drawing->draw, row, rows);
    return quell_model_decode(drawing->model->model, &part.draw, run,
                              drawing->x + row * quell_sampler_dim(drawing->sampler->sampler),
                              drawing->decoded + row * serve_drawing_shown(drawing));
}

static void note_end(struct serve_drawing *drawing, const quell_answer *answer)
{
    drawing->status = answer->status;
    snprintf(drawing->message, sizeof drawing->message, "%s", answer->message);
    if (answer->status == QUELL_STOPPED && atomic_load(&drawing->cut))
        serve_drawing_fail(drawing, serve_drawing_ends());
}

static void hear_decoded(void *user, const quell_answer *answer)
{
    struct serve_drawing *drawing = user;
    if (!answer->ended && drawing->stream) serve_stream_tell(drawing, answer->drawn);
    if (!answer->ended) return;
    note_end(user, answer);
    write_answer(user);
}

/* Puts the decoding of the samples into the queue, as work of the same client. If the drawing was
 * cancelled in the meantime, that could not cancel this ticket, so it is cancelled here. */
static quell_status decode(struct serve_drawing *drawing)
{
    quell_request request;
    quell_ticket *ticket = NULL;
    quell_status status = serve_drawing_request(drawing, &request);
    if (status) return status;
    request.answer = hear_decoded;
    request.user = drawing;
    status = quell_queue_work(drawing->server->queue, &request, decode_rows, drawing, &ticket);
    if (status) return status;
    atomic_store(&drawing->decoding, ticket);
    if (!serve_drawing_goes_on(drawing)) quell_ticket_cancel(ticket);
    return QUELL_OK;
}

void serve_drawing_finish(void *user, const quell_answer *answer)
{
    struct serve_drawing *drawing = user;
    if (!answer->ended && drawing->stream && !drawing->decoded)
        serve_stream_tell(drawing, answer->drawn);
    if (!answer->ended) return;
    note_end(drawing, answer);
    if (!drawing->status && drawing->decoded) {
        quell_status status = decode(drawing);
        if (!status) return;
        serve_drawing_fail(drawing, status);
    }
    write_answer(drawing);
}
