/* SPDX-License-Identifier: MIT */
/* The queue's thread tells how many samples are ready. A workshop encodes what is not sent as
 * floats. The thread of libmicrohttpd sends the bytes, and suspends the connection when there are
 * none to send. */
#include "serve/stream.h"
#include "serve/encode.h"
#include "serve/flow.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536             /* bytes that libmicrohttpd asks for at a time */
#define AHEAD ((size_t)1 << 20) /* an estimate of the encoded bytes that have not been sent */
#define NUMBER 13               /* an estimate of the bytes of a number in JSON */

/* All members that change, except for `encoding` and `work`, are under the lock of the flow. */
struct serve_stream {
    struct serve_flow flow;
    bool text;      /* the answer is encoded (JSON or PNG); false: it consists of floats */
    bool writing;   /* the work that encodes is waiting or being done */
    bool whole;     /* all of the answer has been encoded: nothing follows `next` */
    size_t rows;    /* samples that are ready */
    size_t written; /* samples that have been encoded */
    char begin[QUELL_NPY_HEADER]; /* what precedes the floats */
    size_t begin_size;
    size_t size;                     /* the length of the answer; an estimate if it is encoded */
    struct serve_encoding *encoding; /* only used by `work` */
    struct serve_text now;           /* encoded bytes that are being sent */
    struct serve_text next;          /* encoded bytes that follow these */
    size_t sent;                     /* bytes of `now` that have been sent */
    struct serve_work work;
    quell_status problem; /* why the encoding failed */
    char message[160];
};

void serve_stream_free(struct serve_stream *stream)
{
    if (!stream) return;
    serve_flow_end(&stream->flow);
    serve_encoding_free(stream->encoding);
    free(stream->now.bytes);
    free(stream->next.bytes);
    free(stream);
}

static size_t bytes_of_sample(const struct serve_drawing *drawing)
{
    return serve_drawing_shown(drawing) * sizeof(float);
}

static bool is_text(const struct serve_drawing *drawing)
{
    return drawing->ask.format == SERVE_JSON || drawing->ask.format == SERVE_PNG;
}

bool serve_stream_fits(const struct serve_drawing *drawing)
{
    enum serve_format format = drawing->ask.format;
    if (drawing->events || format == SERVE_FORMATS || (is_text(drawing) && drawing->whole))
        return false;
    if (format == SERVE_PNG && !plot_comes_in_parts(&drawing->shown)) return false;
    return drawing->ask.count * bytes_of_sample(drawing) > SERVE_SMALL;
}

/* A picture keeps one byte for each pixel value. */
size_t serve_stream_bytes(const struct serve_drawing *drawing)
{
    size_t shades = drawing->ask.count * serve_drawing_shown(drawing);
    return !is_text(drawing) ? 0 : drawing->ask.format == SERVE_PNG ? AHEAD + shades : AHEAD;
}

/* The length of the answer in bytes; an estimate if it is encoded. */
static size_t size_of(const struct serve_drawing *drawing)
{
    const struct serve_stream *stream = drawing->stream;
    size_t floats = drawing->ask.count * bytes_of_sample(drawing);
    return stream->text ? floats / sizeof(float) * NUMBER : stream->begin_size + floats;
}

quell_status serve_stream_begin(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    const struct serve_ask *ask = &drawing->ask;
    struct serve_stream *stream = quell_new(1, sizeof *stream);
    if (!stream) return quell_fail(QUELL_NO_MEMORY, "no memory for an answer");
    drawing->stream = stream;
    serve_flow_begin(&stream->flow);
    stream->text = is_text(drawing);
    if (!stream->text)
        stream->begin_size =
            serve_encode_header(stream->begin, ask->format, &drawing->shown, ask->count);
    stream->size = size_of(drawing);
    stream->flow.request = request;
    serve_flow_rest(&stream->flow);
    return QUELL_OK;
}

/* ---- Encoding ---- */

/* Whether there is something to encode. If so, notes that the work begins; the caller adds it to
 * the workshop when it has released the lock. */
static bool begins_to_write(struct serve_drawing *drawing)
{
    struct serve_stream *stream = drawing->stream;
    bool ended = stream->flow.over && !drawing->status;
    if (!stream->text || stream->writing || stream->whole || stream->problem || stream->next.size)
        return false;
    if (!stream->flow.request || (stream->written == stream->rows && !ended)) return false;
    stream->writing = true;
    atomic_fetch_add(&drawing->holders, 1);
    return true;
}

/* When all of `now` has been sent, puts `next` in its place. */
static void go_on(struct serve_stream *stream)
{
    if (stream->sent < stream->now.size || !stream->next.size) return;
    struct serve_text sent = stream->now;
    stream->now = stream->next;
    stream->next = sent;
    stream->next.size = stream->sent = 0;
}

/* If encoding failed, so does the drawing, unless it failed by itself. Takes effect when the
 * drawing is over. */
static void settle(struct serve_drawing *drawing)
{
    struct serve_stream *stream = drawing->stream;
    if (!stream->flow.over || !stream->problem || drawing->status) return;
    snprintf(drawing->message, sizeof drawing->message, "%s", stream->message);
    drawing->status = stream->problem;
    atomic_store(&drawing->lost, true);
}

static bool has_failed(const struct serve_drawing *drawing)
{
    return drawing->stream->flow.over && drawing->status;
}

/* Resumes the connection if there is something to send, or if nothing more will come. */
static void wake(struct serve_drawing *drawing)
{
    struct serve_stream *stream = drawing->stream;
    settle(drawing);
    go_on(stream);
    bool there = stream->text ? stream->sent < stream->now.size || stream->whole : stream->rows;
    if (there || has_failed(drawing)) serve_flow_wake(&stream->flow);
}

/* Encodes a slice of the first `rows` samples or, if these are done, of what follows the samples.
 * Sets *whole when the answer is complete. */
static quell_status write_slice(struct serve_drawing *drawing, size_t rows, bool *whole)
{
    struct serve_stream *stream = drawing->stream;
    const float *x = drawing->decoded ? drawing->decoded : drawing->x;
    bool more = true;
    quell_status status = QUELL_OK;
    *whole = false;
    if (!serve_drawing_goes_on(drawing)) return serve_drawing_ends();
    if (!stream->encoding)
        status = serve_encoding_begin(&stream->encoding, drawing->ask.format, &drawing->shown,
                                      drawing->ask.count);
    if (status) return status;
    if (stream->written < rows) {
        status = serve_encoding_add(stream->encoding, rows, x, &more);
        if (!more) stream->written = rows;
        return status;
    }
    status = serve_encoding_end(stream->encoding, &more);
    *whole = !status && !more;
    return status;
}

/* Encodes a slice, in a workshop. Returns whether there is more to encode. While it runs, no other
 * thread uses `written`. */
static bool write_text(void *user)
{
    struct serve_drawing *drawing = user;
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->flow.lock);
    size_t rows = stream->rows;
    pthread_mutex_unlock(&stream->flow.lock);
    bool whole;
    quell_status status = write_slice(drawing, rows, &whole);
    pthread_mutex_lock(&stream->flow.lock);
    stream->problem = status;
    if (status) snprintf(stream->message, sizeof stream->message, "%s", quell_error_message());
    if (!status) serve_encoding_take(stream->encoding, &stream->next);
    stream->whole = whole;
    stream->writing = false;
    wake(drawing);
    bool again = begins_to_write(drawing);
    pthread_mutex_unlock(&stream->flow.lock);
    serve_drawing_drop(drawing);
    return again;
}

static void have_written(struct serve_drawing *drawing)
{
    struct serve_stream *stream = drawing->stream;
    stream->work =
        (struct serve_work){.work = write_text, .user = drawing, .account = drawing->account};
    serve_workshop_add(&drawing->server->finishing, &stream->work);
}

/* ---- Samples that are ready ---- */

void serve_stream_tell(struct serve_drawing *drawing, size_t rows)
{
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->flow.lock);
    stream->rows = rows;
    wake(drawing);
    bool writes = begins_to_write(drawing);
    pthread_mutex_unlock(&stream->flow.lock);
    if (writes) have_written(drawing);
}

void serve_stream_end(void *user)
{
    struct serve_drawing *drawing = user;
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->flow.lock);
    if (!drawing->status) stream->rows = drawing->ask.count;
    serve_flow_finish(&stream->flow);
    wake(drawing);
    bool writes = begins_to_write(drawing);
    pthread_mutex_unlock(&stream->flow.lock);
    if (writes) have_written(drawing);
}

bool serve_stream_over(struct serve_drawing *drawing)
{
    return serve_flow_over(&drawing->stream->flow);
}

bool serve_stream_failed(struct serve_drawing *drawing)
{
    pthread_mutex_lock(&drawing->stream->flow.lock);
    bool failed = has_failed(drawing);
    pthread_mutex_unlock(&drawing->stream->flow.lock);
    return failed;
}

/* ---- The answer ---- */

/* Copies bytes of an answer that consists of floats, from `position` on. */
static void copy(const struct serve_drawing *drawing, size_t position, char *to, size_t size)
{
    const struct serve_stream *stream = drawing->stream;
    const char *x = (const char *)(drawing->decoded ? drawing->decoded : drawing->x);
    for (; size && position < stream->begin_size; size--) *to++ = stream->begin[position++];
    if (size) memcpy(to, x + (position - stream->begin_size), size);
}

/* Takes the bytes that are ready, `most` at most. Returns how many. */
static size_t take(struct serve_drawing *drawing, size_t position, char *to, size_t most)
{
    struct serve_stream *stream = drawing->stream;
    size_t there = stream->text
                       ? stream->now.size - stream->sent
                       : stream->begin_size + stream->rows * bytes_of_sample(drawing) - position;
    size_t taken = there < most ? there : most;
    if (!stream->text) {
        copy(drawing, position, to, taken);
    } else if (taken) {
        memcpy(to, stream->now.bytes + stream->sent, taken);
        stream->sent += taken;
        go_on(stream);
    }
    return taken;
}

/* Called when no bytes are ready: suspends the connection, or ends the answer. */
static ssize_t take_nothing(struct serve_drawing *drawing)
{
    struct serve_stream *stream = drawing->stream;
    if (stream->whole) return MHD_CONTENT_READER_END_OF_STREAM;
    bool failed = has_failed(drawing);
    if (!failed && serve_flow_rest(&stream->flow)) return 0;
    if (!failed) {
        serve_drawing_fail(drawing, serve_drawing_ends());
        atomic_store(&drawing->lost, true);
    }
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t read_samples(void *user, uint64_t position, char *to, size_t most)
{
    struct serve_drawing *drawing = user;
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->flow.lock);
    size_t taken = take(drawing, (size_t)position, to, most);
    if (stream->flow.request) stream->flow.request->bytes = (size_t)position + taken;
    bool writes = begins_to_write(drawing);
    ssize_t result = taken ? (ssize_t)taken : take_nothing(drawing);
    pthread_mutex_unlock(&stream->flow.lock);
    if (writes) have_written(drawing);
    return result;
}

enum MHD_Result serve_stream_answer(struct serve_request *request,
                                    const struct serve_header *headers)
{
    struct serve_drawing *drawing = request->drawing;
    size_t size = drawing->stream->size;
    struct MHD_Response *response = MHD_create_response_from_callback(
        drawing->stream->text ? MHD_SIZE_UNKNOWN : size, BLOCK, read_samples, drawing, NULL);
    if (!response) return MHD_NO;
    enum MHD_Result result = serve_respond(
        request, MHD_HTTP_OK, serve_format_type(drawing->ask.format), response, size, headers);
    request->bytes = 0;
    serve_connection_note(&request->server->connections, request->place, SERVE_TAKES,
                          drawing->options->seconds + serve_connection_taking(size));
    return result;
}

void serve_stream_leave(struct serve_drawing *drawing)
{
    if (!drawing->stream) return;
    serve_flow_leave(&drawing->stream->flow);
    serve_drawing_cancel(drawing);
}
