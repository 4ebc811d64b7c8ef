/* SPDX-License-Identifier: MIT */
/* GET /v1/models/NAME/samples. The connection is suspended while its samples are drawn, so that one
 * thread serves all. */
#include "serve/server.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/memory.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (strlen(name) != name_size || (value && strlen(value) != value_size))
        reading->status = quell_fail(QUELL_BAD_ARGUMENT, "a parameter has a NUL character in it");
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

static const char *header_of(struct serve_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* Whether a list of ETags has this one in it, or is a star (RFC 9110, 13.1.2). */
static bool is_known(const char *known, const char *tag)
{
    return *tag && known && (strstr(known, tag) || !strcmp(known, "*"));
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

static void wait_for_samples(struct serve_request *request)
{
    struct serve_server *server = request->server;
    pthread_mutex_lock(&server->lock);
    request->next = server->waiting;
    if (request->next) request->next->before = request;
    server->waiting = request;
    pthread_mutex_unlock(&server->lock);
}

void serve_wait_no_more(struct serve_request *request)
{
    struct serve_server *server = request->server;
    pthread_mutex_lock(&server->lock);
    if (request->before) request->before->next = request->next;
    if (server->waiting == request) server->waiting = request->next;
    if (request->next) request->next->before = request->before;
    request->before = request->next = NULL;
    pthread_mutex_unlock(&server->lock);
}

static void ended(void *user)
{
    struct serve_request *request = user;
    MHD_resume_connection(request->connection);
}

/* The connection rests before the request is in the queue: the answer may be there before that call
 * returns. */
static enum MHD_Result begin(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    request->ready = true;
    MHD_suspend_connection(request->connection);
    quell_status status =
        serve_drawing_begin(drawing, request->server->queue, client_of(request), ended, request);
    if (!status) {
        wait_for_samples(request);
        return MHD_YES;
    }
    drawing->status = status;
    snprintf(drawing->message, sizeof drawing->message, "%s", quell_error_message());
    MHD_resume_connection(request->connection);
    return MHD_YES;
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

enum MHD_Result serve_samples(struct serve_request *request, const struct serve_model *model)
{
    struct serve_server *server = request->server;
    struct serve_drawing *drawing = quell_new(1, sizeof *drawing);
    if (!drawing) return MHD_NO;
    request->drawing = drawing;
    drawing->model = model;
    drawing->options = server->options;
    quell_status status = read_ask(request, drawing);
    if (status) return refuse(request, status);
    enum MHD_Result result;
    if (is_too_much(request, &result)) return result;
    if (drawing->ask.format == SERVE_FORMATS)
        drawing->ask.format = serve_format_accepted(header_of(request, "Accept"));
    if (drawing->ask.format == SERVE_FORMATS)
        return serve_say(request, MHD_HTTP_NOT_ACCEPTABLE,
                         "the Accept header has none of application/x-npy, "
                         "application/octet-stream, application/json and image/png",
                         NULL);
    status = serve_drawing_prepare(drawing, &server->samplers);
    if (status) return refuse(request, status);
    if (is_known(header_of(request, "If-None-Match"), drawing->tag)) return not_modified(request);
    return begin(request);
}

enum MHD_Result serve_samples_answer(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    serve_wait_no_more(request);
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
