/* SPDX-License-Identifier: MIT */
/* The threads that draw record the intermediate states. A workshop makes a picture of them now and
 * then. The thread of libmicrohttpd sends the events, and suspends the connection when there are
 * none to send. */
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

#define PERIOD 0.05                 /* the least seconds between two pictures */
#define FLUSH 2                     /* seconds for sending the last event */
#define SHORT 1024                  /* the most bytes of an event without a picture */
#define MOST_TEXT ((size_t)4 << 20) /* with more unsent bytes than this, pictures are left out */

/* All but `drawing`, `flow` and `work` is under the lock of the flow. No events are added when the
 * flow is over. */
struct serve_events {
    struct serve_drawing *drawing;
    struct serve_flow flow;
    bool pending;         /* the last picture that was asked for is not ready yet */
    float *now;           /* the current states; NULL if no pictures are made of them */
    uint64_t done, total; /* transitions, summed over all samples */
    double last;          /* when the last picture was asked for */
    char *text;           /* events that have been written */
    size_t size, room;    /* bytes of `text` in use, and allocated */
    size_t sent;          /* bytes of `text` that have been sent */
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

/* ---- Writing events ---- */

/* Makes room for `more` bytes of text, under the lock. The client's account is charged for the
 * memory; a short event is written even if the account has too little left. */
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

/* Appends text, under the lock. If there is no memory, the event is left out. */
static void add(struct serve_events *events, const char *text, size_t size)
{
    if (!make_room(events, size)) return;
    memcpy(events->text + events->size, text, size);
    events->size += size;
}

/* Appends bytes in base64 (RFC 4648). */
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

/* Appends the last event. */
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

/* ---- Observing ---- */

/* Makes a picture of the current states, in a workshop. */
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
    bool made = x && !slow && !atomic_load(&drawing->abandoned) &&
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

/* Called when all samples have been drawn, or drawing them has failed. */
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

/* Allocates memory for the intermediate states if pictures can be made of them. There are none if
 * samples have no picture, or are latents that would have to be decoded first. */
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
                                                  {"X-Accel-Buffering", "no"}, /* for nginx */
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
