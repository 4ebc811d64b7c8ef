/* SPDX-License-Identifier: MIT */
/* The threads that draw note the states; another thread makes a picture of them now and then; that
 * of libmicrohttpd sends what there is, and lets the connection rest when there is nothing. */
#include "serve/events.h"
#include "serve/encode.h"
#include "serve/flow.h"
#include "base/fail.h"
#include "base/json_write.h"
#include "base/memory.h"
#include "engine/sampler.h"
#include "queue/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD 0.05                 /* seconds between two pictures */
#define FLUSH 2                     /* seconds to send the last event in */
#define SHORT 1024                  /* bytes of an event without a picture */
#define MOST_TEXT ((size_t)4 << 20) /* bytes that a slow client lets wait before it has fewer */

/* drawing: of which they are. Under the flow's lock, all but this and work; when the flow is over,
 * there will be no more of them:
 * now: the states, where they have a picture. done, total: transitions, over all samples.
 * last: when the last picture was asked for; pending: it is not there yet.
 * text[size]: events, of which `sent` bytes are sent. */
struct serve_events {
    struct serve_drawing *drawing;
    struct serve_flow flow;
    bool pending;
    float *now;
    uint64_t done, total;
    double last;
    char *text;
    size_t size, room, sent;
    struct serve_work work;
};

struct serve_events *serve_events_new(struct serve_drawing *drawing)
{
    struct serve_events *events = quell_new(1, sizeof *events);
    if (!events) return NULL;
    events->drawing = drawing;
    serve_flow_begin(&events->flow);
    return events;
}

void serve_events_free(struct serve_events *events)
{
    if (!events) return;
    serve_flow_end(&events->flow);
    free(events->now);
    free(events->text);
    free(events);
}

quell_status serve_events_check(struct serve_drawing *drawing)
{
    struct serve_ask *ask = &drawing->ask;
    if (ask->format < SERVE_FORMATS)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "format: events have pictures; ask /samples for the samples");
    return QUELL_OK;
}

/* ---- What is sent ---- */

/* Makes room for more text, under the lock. The client's account has it, but for what is short. */
static bool make_room(struct serve_events *events, size_t more)
{
    if (events->room - events->size >= more) return true;
    size_t room = 2 * (events->size + more);
    if (!serve_drawing_hold(events->drawing, room - events->room) && more > SHORT) return false;
    char *text = realloc(events->text, room);
    if (!text) return false;
    events->text = text;
    events->room = room;
    return true;
}

/* Adds text, under the lock; without memory the client has one event less. */
static void add(struct serve_events *events, const char *text, size_t size)
{
    if (!make_room(events, size)) return;
    memcpy(events->text + events->size, text, size);
    events->size += size;
}

/* Adds base64 (RFC 4648). */
static void add_base64(struct serve_events *events, const unsigned char *bytes, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!make_room(events, 4 * (size / 3 + 1))) return;
    char *to = events->text + events->size;
    for (size_t i = 0; i < size; i += 3) {
        unsigned word = (unsigned)bytes[i] << 16;
        if (i + 1 < size) word |= (unsigned)bytes[i + 1] << 8;
        if (i + 2 < size) word |= bytes[i + 2];
        *to++ = letters[word >> 18];
        *to++ = letters[word >> 12 & 63];
        *to++ = i + 1 < size ? letters[word >> 6 & 63] : '=';
        *to++ = i + 2 < size ? letters[word & 63] : '=';
    }
    events->size = (size_t)(to - events->text);
}

static void add_progress(struct serve_events *events)
{
    char text[160];
    int length =
        snprintf(text, sizeof text, "event: progress\ndata: {\"done\":%llu,\"total\":%llu}\n\n",
                 (unsigned long long)events->done, (unsigned long long)events->total);
    add(events, text, (size_t)length);
}

static void add_picture(struct serve_events *events, const char *png, size_t size)
{
    static const char head[] = "event: picture\ndata: data:image/png;base64,";
    if (!make_room(events, sizeof head + 4 * (size / 3 + 1) + 2)) return;
    add(events, head, sizeof head - 1);
    add_base64(events, (const unsigned char *)png, size);
    add(events, "\n\n", 2);
}

static int put(void *user, const char *text, size_t size)
{
    add(user, text, size);
    return 0;
}

/* The last event. */
static void add_end(struct serve_events *events, const struct serve_drawing *drawing)
{
    struct quell_json_writer writer = {.put = put, .user = events, .digits = 9};
    const char *head = drawing->status ? "event: failed\ndata: " : "event: done\ndata: ";
    add(events, head, strlen(head));
    quell_json_begin(&writer, NULL, '{');
    if (drawing->status) {
        quell_json_put_whole(&writer, "status", serve_code(drawing->status));
        quell_json_put_text(&writer, "error", drawing->message);
    } else {
        quell_json_put_whole(&writer, "count", (int64_t)drawing->ask.count);
    }
    quell_json_end(&writer, '}');
    add(events, "\n\n", 2);
}

static ssize_t read_events(void *user, uint64_t position, char *to, size_t most)
{
    struct serve_events *events = ((struct serve_drawing *)user)->events;
    (void)position;
    pthread_mutex_lock(&events->flow.lock);
    size_t left = events->size - events->sent, taken = left < most ? left : most;
    if (taken) memcpy(to, events->text + events->sent, taken);
    events->sent += taken;
    if (events->sent == events->size) events->sent = events->size = 0;
    bool over = !taken && events->flow.over;
    if (!taken && !over) serve_flow_rest(&events->flow);
    if (events->flow.request) events->flow.request->bytes += taken;
    pthread_mutex_unlock(&events->flow.lock);
    return over ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)taken;
}

/* ---- What is seen ---- */

/* In the workshop: a picture of the states as they are. */
static bool show(void *user)
{
    struct serve_drawing *drawing = user;
    struct serve_events *events = drawing->events;
    size_t floats = drawing->ask.count * quell_sampler_dim(drawing->sampler->sampler);
    float *x = events->now ? quell_new(floats, sizeof *x) : NULL;
    char *png = NULL;
    size_t size = 0;
    pthread_mutex_lock(&events->flow.lock);
    bool slow = events->size - events->sent > MOST_TEXT;
    if (x) memcpy(x, events->now, floats * sizeof *x);
    pthread_mutex_unlock(&events->flow.lock);
    bool made = x && !slow && !atomic_load(&drawing->unwanted) &&
                !serve_encode(SERVE_PNG, &drawing->shown, drawing->ask.count, x, &png, &size);
    pthread_mutex_lock(&events->flow.lock);
    if (!events->flow.over) {
        if (!slow) add_progress(events);
        if (made) add_picture(events, png, size);
        serve_flow_wake(&events->flow);
    }
    events->pending = false;
    pthread_mutex_unlock(&events->flow.lock);
    if (made) free(png);
    free(x);
    serve_drawing_drop(drawing);
    return false;
}

int serve_events_observe(void *user, size_t transition, const quell_point *s,
                         const quell_call *told, const float *x)
{
    struct serve_drawing *drawing = user;
    struct serve_events *events = drawing->events;
    size_t row = (size_t)(told->first - drawing->draw.first);
    (void)transition, (void)s;
    pthread_mutex_lock(&events->flow.lock);
    if (events->now) memcpy(events->now + row * told->dim, x, told->rows * told->dim * sizeof *x);
    events->done += told->rows;
    double time = quell_queue_now();
    bool asks = !events->pending && time > events->last + PERIOD;
    if (asks) {
        events->pending = true;
        events->last = time;
        atomic_fetch_add(&drawing->holders, 1);
        events->work =
            (struct serve_work){.work = show, .user = drawing, .account = drawing->account};
    }
    pthread_mutex_unlock(&events->flow.lock);
    if (asks) serve_workshop_add(&drawing->server->finishing, &events->work);
    return 0;
}

/* The samples are there, or have failed. */
static void ended(void *user)
{
    struct serve_drawing *drawing = user;
    struct serve_events *events = drawing->events;
    pthread_mutex_lock(&events->flow.lock);
    if (!drawing->status) add_progress(events);
    if (!drawing->status && drawing->bytes) add_picture(events, drawing->bytes, drawing->size);
    add_end(events, drawing);
    serve_flow_finish(&events->flow);
    serve_flow_wake(&events->flow);
    pthread_mutex_unlock(&events->flow.lock);
}

/* ---- The answer ---- */

/* States have a picture of their own where samples have one that nothing decodes. */
static bool prepare(struct serve_drawing *drawing)
{
    struct serve_events *events = drawing->events;
    const struct serve_ask *ask = &drawing->ask;
    const quell_sampler *sampler = drawing->sampler->sampler;
    bool decodes = quell_model_decodes(drawing->model->model) && !ask->latent;
    events->total = ask->count * quell_sampler_steps(sampler);
    if (!plot_kind(&drawing->shown)) return true;
    drawing->ask.format = SERVE_PNG;
    if (decodes) return true;
    events->now = quell_new(ask->count, quell_sampler_dim(sampler) * sizeof *events->now);
    return events->now;
}

quell_status serve_events_begin(struct serve_request *request, enum MHD_Result *result)
{
    static const struct serve_header headers[] = {{"Cache-Control", "no-store"},
                                                  {"X-Accel-Buffering", "no"}, /* nginx's */
                                                  {0}};
    struct serve_drawing *drawing = request->drawing;
    if (!prepare(drawing)) return quell_fail(QUELL_NO_MEMORY, "no memory for these samples");
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_events, drawing, NULL);
    if (!response) return quell_fail(QUELL_NO_MEMORY, "no memory for an answer");
    drawing->events->flow.request = request;
    quell_status status = serve_drawing_begin(drawing, ended, drawing);
    if (status) {
        MHD_destroy_response(response);
        return status;
    }
    request->drawn = true;
    serve_wait(request);
    if (serve_flow_over(&drawing->events->flow)) serve_wait_no_more(request);
    *result = serve_respond(request, MHD_HTTP_OK, "text/event-stream", response, 0, headers);
    serve_connection_note(&request->server->connections, request->place, SERVE_TAKES,
                          drawing->options->seconds + FLUSH);
    return QUELL_OK;
}

void serve_events_leave(struct serve_drawing *drawing)
{
    struct serve_events *events = drawing->events;
    if (!events) return;
    serve_flow_leave(&events->flow);
    serve_drawing_cancel(drawing);
}
