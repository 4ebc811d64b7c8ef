/* SPDX-License-Identifier: MIT */
/* Samples: from what is asked to the answer. The connection rests while its samples are drawn, so
 * that one thread serves all. */
#include "serve/body.h"
#include "serve/events.h"
#include "serve/headers.h"
#include "serve/server.h"
#include "base/fail.h"
#include "base/memory.h"
#include "queue/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct serve_header vary = {"Vary", "Accept"};

/* ---- Reading what is asked ---- */

struct reading {
    struct serve_drawing *drawing;
    quell_status status;
};

static enum MHD_Result read_one(void *user, enum MHD_ValueKind kind, const char *name,
                                size_t name_size, const char *value, size_t value_size)
{
    struct reading *reading = user;
    (void)kind;
    if (!name_size && !value) return MHD_YES; /* between two & */
    if (strlen(name) != name_size || !serve_is_plain(name) ||
        (value && (strlen(value) != value_size || !serve_is_plain(value))))
        reading->status =
            quell_fail(QUELL_BAD_ARGUMENT, "a parameter has a control character in it");
    else
        reading->status = serve_ask_take(&reading->drawing->ask, reading->drawing->model->model,
                                         name, value ? value : "");
    return reading->status ? MHD_NO : MHD_YES;
}

/* The parameters of the address. */
static quell_status read_address(struct serve_request *request)
{
    struct reading reading = {request->drawing, QUELL_OK};
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, read_one, &reading);
    return reading.status;
}

static quell_status read_body(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    if (!request->body.size) return QUELL_OK;
    return serve_body_read(&drawing->ask, drawing->model->model, request->type, request->body.bytes,
                           request->body.size);
}

/* A refusal with a status of HTTP of its own. */
static quell_status refuse_with(struct serve_drawing *drawing, unsigned code, const char *line)
{
    drawing->code = code;
    return quell_fail(QUELL_BAD_ARGUMENT, "%s", line);
}

/* Whether more is asked for than the server does in one request. */
static quell_status check_limits(struct serve_drawing *drawing)
{
    const struct serve_options *options = drawing->options;
    const struct serve_ask *ask = &drawing->ask;
    char line[160] = "";
    if (ask->count > options->most_samples)
        snprintf(line, sizeof line,
                 "count: must be at most %zu in one request: ask for the next ones by first=%zu",
                 options->most_samples, options->most_samples);
    else if (ask->options.steps > options->most_steps)
        snprintf(line, sizeof line, "steps: must be at most %zu on this server",
                 options->most_steps);
    return *line ? refuse_with(drawing, MHD_HTTP_CONTENT_TOO_LARGE, line) : QUELL_OK;
}

static quell_status check(struct serve_drawing *drawing)
{
    struct serve_ask *ask = &drawing->ask;
    quell_status status = serve_ask_check(ask, drawing->model->model);
    if (!status) status = check_limits(drawing);
    if (status) return status;
    if (drawing->events) return serve_events_check(drawing);
    if (ask->format == SERVE_FORMATS) ask->format = drawing->accepted;
    if (ask->format == SERVE_FORMATS)
        return refuse_with(drawing, MHD_HTTP_NOT_ACCEPTABLE,
                           "the Accept header has none of application/x-npy, "
                           "application/octet-stream, application/json and image/png");
    return QUELL_OK;
}

static enum serve_format find_accepted(struct serve_request *request)
{
    char *accept = serve_list_of(request, "Accept");
    enum serve_format format = serve_format_accepted(accept);
    free(accept);
    return format;
}

/* ---- Waiting ---- */

void serve_wait(struct serve_request *request)
{
    struct serve_server *server = request->server;
    pthread_mutex_lock(&server->lock);
    request->after = server->waiting;
    if (request->after) request->after->before = request;
    server->waiting = request;
    pthread_mutex_unlock(&server->lock);
}

void serve_wait_no_more(struct serve_request *request)
{
    struct serve_server *server = request->server;
    pthread_mutex_lock(&server->lock);
    if (request->before) request->before->after = request->after;
    if (server->waiting == request) server->waiting = request->after;
    if (request->after) request->after->before = request->before;
    request->before = request->after = NULL;
    pthread_mutex_unlock(&server->lock);
}

static void go_on(void *user)
{
    struct serve_request *request = user;
    MHD_resume_connection(request->connection);
}

/* ---- Answers ---- */

static enum MHD_Result refuse(struct serve_request *request)
{
    const struct serve_drawing *drawing = request->drawing;
    if (drawing->code) return serve_say(request, drawing->code, drawing->message, NULL);
    return serve_refuse(request, drawing->status, drawing->message);
}

/* Notes the failure of the last call, and answers with it. */
static enum MHD_Result fail(struct serve_request *request, quell_status status)
{
    serve_drawing_fail(request->drawing, status);
    return refuse(request);
}

/* How long an answer may be kept, and by whom: what a token was needed for is nobody else's. */
static const char *keeping_of(const struct serve_request *request)
{
    if (!*request->drawing->tag || request->posted) return "no-store";
    return request->server->tokens.count ? "private, max-age=31536000, immutable"
                                         : "public, max-age=31536000, immutable";
}

/* The client has the answer already. What is posted is no address that could be kept. */
static enum MHD_Result not_modified(struct serve_request *request)
{
    const struct serve_header headers[] = {
        {"ETag", request->drawing->tag}, vary, {"Cache-Control", keeping_of(request)}, {0}};
    if (request->posted)
        return serve_say(request, MHD_HTTP_PRECONDITION_FAILED,
                         "If-None-Match: the client has what would be drawn", NULL);
    return serve_answer(request, MHD_HTTP_NOT_MODIFIED,
                        serve_format_type(request->drawing->ask.format), NULL, 0, headers);
}

static bool is_known(struct serve_request *request)
{
    const char *tag = request->drawing->tag;
    char *known = *tag ? serve_list_of(request, "If-None-Match") : NULL;
    bool found = serve_tag_listed(known, tag);
    free(known);
    return found;
}

static enum MHD_Result answer(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    serve_wait_no_more(request);
    if (atomic_load(&drawing->unwanted)) return MHD_NO;
    if (drawing->status) return refuse(request);
    const struct serve_header headers[] = {vary,
                                           {"Cache-Control", keeping_of(request)},
                                           {*drawing->tag ? "ETag" : NULL, drawing->tag},
                                           {0}};
    char *bytes = drawing->bytes;
    drawing->bytes = NULL;
    return serve_answer(request, MHD_HTTP_OK, serve_format_type(drawing->ask.format), bytes,
                        drawing->size, headers);
}

/* ---- From what is asked to the queue ---- */

/* The connection rests before the request is in the queue: the answer may be there before that call
 * returns. */
static enum MHD_Result draw(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    request->drawn = true;
    request->next = answer;
    MHD_suspend_connection(request->connection);
    quell_status status = serve_drawing_begin(drawing, request->server->queue,
                                              serve_client_of(request), go_on, request);
    if (!status) {
        serve_wait(request);
        return MHD_YES;
    }
    serve_drawing_fail(drawing, status);
    MHD_resume_connection(request->connection);
    return MHD_YES;
}

/* With a sampler: draws, unless there is no need to. */
static enum MHD_Result draw_or_not(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    if (atomic_load(&drawing->unwanted)) return MHD_NO;
    if (drawing->status) return refuse(request);
    if (!drawing->events && is_known(request)) return not_modified(request);
    if (serve_drawing_bytes(drawing) > drawing->options->memory)
        return serve_say(request, MHD_HTTP_CONTENT_TOO_LARGE,
                         "count: so many samples take more memory than the server gives: ask for "
                         "fewer, and for the next ones by first",
                         NULL);
    if (!serve_hold(request, serve_drawing_bytes(drawing))) return serve_say_held(request);
    if (!drawing->events) return draw(request);
    enum MHD_Result result;
    quell_status status = serve_events_begin(request, &result);
    return status ? fail(request, status) : result;
}

static enum MHD_Result have_made(struct serve_request *request)
{
    serve_wait_no_more(request);
    return draw_or_not(request);
}

/* In the workshop. */
static void make(void *user)
{
    struct serve_request *request = user;
    struct serve_drawing *drawing = request->drawing;
    quell_status status = QUELL_OK;
    if (quell_queue_now() > drawing->begun + drawing->options->seconds)
        status = serve_drawing_late();
    if (!status && request->posted) {
        status = read_body(request);
        if (!status) status = check(drawing);
        if (!status) status = serve_drawing_find(drawing);
    }
    if (!status && !atomic_load(&drawing->unwanted)) status = serve_drawing_prepare(drawing);
    serve_drawing_fail(drawing, status);
    MHD_resume_connection(request->connection);
}

/* A body is read, and a sampler that is not there is created, by another thread, while the
 * connection rests. */
static enum MHD_Result send_to_workshop(struct serve_request *request)
{
    request->next = have_made;
    request->work =
        (struct serve_work){.work = make, .user = request, .client = serve_client_of(request)};
    MHD_suspend_connection(request->connection);
    if (serve_workshop_add(&request->server->making, &request->work)) {
        serve_wait(request);
        return MHD_YES;
    }
    serve_drawing_fail(request->drawing,
                       quell_fail(QUELL_BUSY,
                                  "%d requests of this client that need a new sampler, "
                                  "or have a body, wait: try again later",
                                  SERVE_MOST_WORK));
    MHD_resume_connection(request->connection);
    return MHD_YES;
}

enum MHD_Result serve_samples(struct serve_request *request, const struct serve_model *model,
                              bool events)
{
    struct serve_drawing *drawing =
        serve_drawing_new(request->server, request->models, model, events);
    if (!drawing) return MHD_NO;
    request->drawing = drawing;
    drawing->accepted = find_accepted(request);
    quell_status status = read_address(request);
    if (status) return fail(request, status);
    if (request->posted) return send_to_workshop(request);
    status = check(drawing);
    if (!status) status = serve_drawing_find(drawing);
    if (!status && !drawing->sampler) return send_to_workshop(request);
    if (!status) status = serve_drawing_prepare(drawing);
    return status ? fail(request, status) : draw_or_not(request);
}
