/* SPDX-License-Identifier: MIT */
/* GET /v1/models/NAME/samples. The connection is suspended while its samples are drawn, so that one
 * thread serves all. */
#include "serve/headers.h"
#include "serve/server.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FOR_EVER "public, max-age=31536000, immutable"

static const struct serve_header vary[] = {{"Vary", "Accept"}, {0}};

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
    if (strlen(name) != name_size || !serve_is_plain(name) ||
        (value && (strlen(value) != value_size || !serve_is_plain(value))))
        reading->status =
            quell_fail(QUELL_BAD_ARGUMENT, "a parameter has a control character in it");
    else
        reading->status = serve_ask_take(&reading->drawing->ask, reading->drawing->model->model,
                                         name, value ? value : "");
    return reading->status ? MHD_NO : MHD_YES;
}

static quell_status read_ask(struct serve_request *request, struct serve_drawing *drawing)
{
    struct reading reading = {drawing, QUELL_OK};
    serve_ask_begin(&drawing->ask, drawing->model->model);
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, read_one, &reading);
    if (reading.status) return reading.status;
    return serve_ask_check(&drawing->ask, drawing->model->model);
}

/* ---- Headers ---- */

struct lines {
    const char *name;
    struct quell_text text;
};

static enum MHD_Result add_line(void *user, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct lines *lines = user;
    (void)kind;
    if (!strcasecmp(name, lines->name))
        quell_say(&lines->text, "%s%s", lines->text.length ? ", " : "", value ? value : "");
    return MHD_YES;
}

/* All lines of a header that is a list, as one (RFC 9110, 5.3), to be freed. NULL if there is
 * none. */
static char *list_of(struct serve_request *request, const char *name)
{
    struct lines lines = {name, quell_text_new(NULL, 0)};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_line, &lines);
    size_t size = lines.text.length + 1;
    char *joined = size > 1 ? quell_new(size, 1) : NULL;
    if (!joined) return NULL;
    lines.text = quell_text_new(joined, size);
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_line, &lines);
    return joined;
}

/* Whether the client has the answer already. */
static bool is_known(struct serve_request *request)
{
    const char *tag = request->drawing->tag;
    char *known = *tag ? list_of(request, "If-None-Match") : NULL;
    bool found = serve_tag_listed(known, tag);
    free(known);
    return found;
}

static enum serve_format find_accepted(struct serve_request *request)
{
    char *accept = list_of(request, "Accept");
    enum serve_format format = serve_format_accepted(accept);
    free(accept);
    return format;
}

/* A number for whoever asks: its address without the port. */
static uint64_t client_of(struct serve_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct quell_digest digest;
    quell_digest_begin(&digest);
    if (info && info->client_addr->sa_family == AF_INET)
        quell_digest_add(&digest, &((const struct sockaddr_in *)info->client_addr)->sin_addr,
                         sizeof(struct in_addr));
    else if (info && info->client_addr->sa_family == AF_INET6)
        quell_digest_add(&digest, &((const struct sockaddr_in6 *)info->client_addr)->sin6_addr,
                         sizeof(struct in6_addr));
    return quell_digest_end(&digest);
}

/* ---- Waiting ---- */

static void begin_to_wait(struct serve_request *request)
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

static enum MHD_Result refuse(struct serve_request *request, quell_status status)
{
    return serve_refuse(request, status, quell_error_message());
}

/* Whether more is asked for than the server does in one request; then it has said so. */
static bool is_too_much(struct serve_request *request, enum MHD_Result *result)
{
    const struct serve_options *options = request->server->options;
    const struct serve_ask *ask = &request->drawing->ask;
    char line[160] = "";
    if (ask->count > options->most_samples)
        snprintf(line, sizeof line,
                 "count: must be at most %zu in one request: ask for the next ones by first=%zu",
                 options->most_samples, options->most_samples);
    else if (ask->options.steps > options->most_steps)
        snprintf(line, sizeof line, "steps: must be at most %zu on this server",
                 options->most_steps);
    if (*line) *result = serve_say(request, MHD_HTTP_CONTENT_TOO_LARGE, line, NULL);
    return *line;
}

static enum MHD_Result not_modified(struct serve_request *request)
{
    const struct serve_header headers[] = {
        {"ETag", request->drawing->tag}, vary[0], {"Cache-Control", FOR_EVER}, {0}};
    return serve_answer(request, MHD_HTTP_NOT_MODIFIED,
                        serve_format_type(request->drawing->ask.format), NULL, 0, headers);
}

static enum MHD_Result answer(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    serve_wait_no_more(request);
    if (atomic_load(&drawing->unwanted)) return MHD_NO;
    if (drawing->status) return serve_refuse(request, drawing->status, drawing->message);
    bool named = *drawing->tag;
    const struct serve_header headers[] = {vary[0],
                                           {"Cache-Control", named ? FOR_EVER : "no-store"},
                                           {named ? "ETag" : NULL, drawing->tag},
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
    quell_status status =
        serve_drawing_begin(drawing, request->server->queue, client_of(request), go_on, request);
    if (!status) {
        begin_to_wait(request);
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
    if (drawing->status) return serve_refuse(request, drawing->status, drawing->message);
    return is_known(request) ? not_modified(request) : draw(request);
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
    if (!atomic_load(&drawing->unwanted))
        serve_drawing_fail(drawing, serve_drawing_prepare(drawing, &request->server->samplers));
    MHD_resume_connection(request->connection);
}

/* A sampler that is not there is created by another thread, while the connection rests. */
static enum MHD_Result send_to_workshop(struct serve_request *request)
{
    request->next = have_made;
    request->work = (struct serve_work){.work = make, .user = request};
    begin_to_wait(request);
    MHD_suspend_connection(request->connection);
    serve_workshop_add(&request->server->making, &request->work);
    return MHD_YES;
}

enum MHD_Result serve_samples(struct serve_request *request, const struct serve_model *model)
{
    struct serve_server *server = request->server;
    struct serve_drawing *drawing = quell_new(1, sizeof *drawing);
    if (!drawing) return MHD_NO;
    request->drawing = drawing;
    drawing->model = model;
    drawing->options = server->options;
    drawing->finishing = &server->finishing;
    quell_status status = read_ask(request, drawing);
    if (status) return refuse(request, status);
    enum MHD_Result result;
    if (is_too_much(request, &result)) return result;
    if (drawing->ask.format == SERVE_FORMATS) drawing->ask.format = find_accepted(request);
    if (drawing->ask.format == SERVE_FORMATS)
        return serve_say(request, MHD_HTTP_NOT_ACCEPTABLE,
                         "the Accept header has none of application/x-npy, "
                         "application/octet-stream, application/json and image/png",
                         NULL);
    status = serve_drawing_find(drawing, &server->samplers);
    if (!status && !drawing->sampler) return send_to_workshop(request);
    if (!status) status = serve_drawing_prepare(drawing, &server->samplers);
    return status ? refuse(request, status) : draw_or_not(request);
}
