/* SPDX-License-Identifier: MIT */
/* The queue's thread says how many samples are there; that of libmicrohttpd sends them from where
 * they were drawn, and lets the connection rest when there are no more. */
#include "serve/stream.h"
#include "serve/encode.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/npy.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 65536 /* bytes that libmicrohttpd asks for at a time */

/* begin[begin_size]: what comes before the samples. size: bytes of the answer. Under the lock:
 * request: NULL once it has ended. rests: its connection rests until there is more to send.
 * rows: samples that are there. over: there will be no more. */
struct serve_stream {
    char begin[QUELL_NPY_HEADER];
    size_t begin_size, size;
    pthread_mutex_t lock;
    struct serve_request *request;
    bool rests, over;
    size_t rows;
};

void serve_stream_free(struct serve_stream *stream)
{
    if (!stream) return;
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

static size_t bytes_of_sample(const struct serve_drawing *drawing)
{
    return serve_drawing_shown(drawing) * sizeof(float);
}

bool serve_stream_fits(const struct serve_drawing *drawing)
{
    enum serve_format format = drawing->ask.format;
    return (format == SERVE_NPY || format == SERVE_RAW) && !drawing->events &&
           drawing->ask.count * bytes_of_sample(drawing) > SERVE_SMALL;
}

quell_status serve_stream_begin(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    const struct serve_ask *ask = &drawing->ask;
    struct serve_stream *stream = quell_new(1, sizeof *stream);
    if (!stream) return quell_fail(QUELL_NO_MEMORY, "no memory for an answer");
    pthread_mutex_init(&stream->lock, NULL);
    stream->begin_size =
        serve_encode_header(stream->begin, ask->format, &drawing->shown, ask->count);
    stream->size = stream->begin_size + ask->count * bytes_of_sample(drawing);
    stream->request = request;
    stream->rests = true;
    drawing->stream = stream;
    return QUELL_OK;
}

/* ---- What there is ---- */

static void wake(struct serve_stream *stream)
{
    if (!stream->rests || !stream->request) return;
    stream->rests = false;
    MHD_resume_connection(stream->request->connection);
}

void serve_stream_tell(struct serve_drawing *drawing, size_t rows)
{
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->lock);
    stream->rows = rows;
    if (rows) wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

/* Whoever takes the rest of an answer that is there is not looked after as one who waits. */
void serve_stream_end(void *user)
{
    struct serve_drawing *drawing = user;
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->lock);
    if (!drawing->status) stream->rows = drawing->ask.count;
    stream->over = true;
    if (stream->request) serve_wait_no_more(stream->request);
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

bool serve_stream_over(struct serve_drawing *drawing)
{
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->lock);
    bool over = stream->over;
    pthread_mutex_unlock(&stream->lock);
    return over;
}

/* ---- The answer ---- */

/* Copies bytes of the answer from `position` on. */
static void copy(const struct serve_drawing *drawing, size_t position, char *to, size_t size)
{
    const struct serve_stream *stream = drawing->stream;
    const char *x = (const char *)(drawing->decoded ? drawing->decoded : drawing->x);
    for (; size && position < stream->begin_size; size--) *to++ = stream->begin[position++];
    if (size) memcpy(to, x + (position - stream->begin_size), size);
}

/* Samples that are there are copied without the lock: they do not change any more. */
static ssize_t read_samples(void *user, uint64_t position, char *to, size_t most)
{
    struct serve_drawing *drawing = user;
    struct serve_stream *stream = drawing->stream;
    pthread_mutex_lock(&stream->lock);
    size_t there = stream->begin_size + stream->rows * bytes_of_sample(drawing);
    size_t left = there - (size_t)position, taken = left < most ? left : most;
    bool failed = stream->over && drawing->status;
    if (!taken && !failed && stream->request) {
        stream->rests = true;
        MHD_suspend_connection(stream->request->connection);
    }
    if (stream->request) stream->request->bytes = (size_t)position + taken;
    pthread_mutex_unlock(&stream->lock);
    if (!taken) return failed ? MHD_CONTENT_READER_END_WITH_ERROR : 0;
    copy(drawing, (size_t)position, to, taken);
    return (ssize_t)taken;
}

enum MHD_Result serve_stream_answer(struct serve_request *request,
                                    const struct serve_header *headers)
{
    struct serve_drawing *drawing = request->drawing;
    size_t size = drawing->stream->size;
    struct MHD_Response *response =
        MHD_create_response_from_callback(size, BLOCK, read_samples, drawing, NULL);
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
    struct serve_stream *stream = drawing->stream;
    if (!stream) return;
    pthread_mutex_lock(&stream->lock);
    stream->request = NULL;
    pthread_mutex_unlock(&stream->lock);
    serve_drawing_cancel(drawing);
}
