/* SPDX-License-Identifier: MIT */
/* Requests for samples, from their parameters to the answer. A connection is suspended while its
 * samples are drawn, so that one thread can serve all connections. */
#include "serve/body.h"
#include "serve/encode.h"
#include "serve/events.h"
#include "serve/headers.h"
#include "serve/server.h"
#include "serve/stream.h"
#include "base/fail.h"
#include "base/memory.h"
#include "queue/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct serve_header vary = {"Vary", "Accept"};

/* ---- Reading the parameters ---- */

struct reading {
    struct serve_drawing *drawing;
    quell_status status;
};

static enum MHD_Result read_one(void *user, enum MHD_ValueKind kind, const char *name,
                                size_t name_size, const char *value, size_t value_size)
{
    struct reading *reading = user;
    (void)kind;
    if (!name_size && !value) return MHD_YES; /* nothing stands between two & */
    if (strlen(name) != name_size || !serve_is_plain(name) ||
        (value && (strlen(value) != value_size || !serve_is_plain(value))))
        reading->status =
            quell_fail(QUELL_BAD_ARGUMENT, "a parameter has a control character in it");
    else
        reading->status = serve_ask_take(&reading->drawing->ask, reading->drawing->model->model,
                                         name, value ? value : "");
    return reading->status ? MHD_NO : MHD_YES;
}

/* Reads the parameters of the address. */
static quell_status read_address(struct serve_request *request)
{
    struct reading reading = {request->drawing, QUELL_OK};
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, read_one, &reading);
    return reading.status;
}

static quell_status read_body(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    if (!request->body.size) return request->posted ? serve_body_none(request->type) : QUELL_OK;
    return serve_body_read(&drawing->ask, drawing->model->model, request->type, request->body.bytes,
                           request->body.size);
}

/* Checks that the request stays within the limits of the server. */
static quell_status check_limits(struct serve_drawing *drawing)
{
    const struct serve_options *options = drawing->options;
    const struct serve_ask *ask = &drawing->ask;
    char line[160], value[24], after[80];
    if (ask->count > ask->most) {
        snprintf(value, sizeof value, "%llu", (unsigned long long)ask->count);
        snprintf(after, sizeof after, ": ask for the next ones by first=%llu",
                 (unsigned long long)ask->most);
        drawing->code = MHD_HTTP_CONTENT_TOO_LARGE;
        return serve_ask_refuse_count(ask, value, after);
    }
    if (ask->options.steps <= options->most_evaluations) return QUELL_OK;
    snprintf(line, sizeof line, "steps: must be at most %zu on this server",
             options->most_evaluations);
    return serve_drawing_refuse(drawing, MHD_HTTP_CONTENT_TOO_LARGE, line);
}

/* Chooses the first of the accepted formats in which these samples can be sent. */
static quell_status choose_format(struct serve_drawing *drawing)
{
    const struct serve_accepted *accepted = &drawing->accepted;
    for (size_t i = 0; i < accepted->count; i++) {
        drawing->ask.format = accepted->order[i];
        if (!serve_encode_check(accepted->order[i], &drawing->shown)) return QUELL_OK;
    }
    return serve_drawing_refuse(drawing, MHD_HTTP_NOT_ACCEPTABLE,
                                plot_kind(&drawing->shown)
                                    ? "the Accept header has none of application/x-npy, "
                                      "application/octet-stream, application/json and image/png"
                                    : "the Accept header has none of application/x-npy, "
                                      "application/octet-stream and application/json");
}

static quell_status check(struct serve_drawing *drawing)
{
    struct serve_ask *ask = &drawing->ask;
    quell_status status = serve_ask_check(ask, drawing->model->model);
    if (!status) status = check_limits(drawing);
    if (status) return status;
    serve_drawing_show(drawing);
    if (drawing->events) return serve_events_check(drawing);
    return ask->format == SERVE_FORMATS ? choose_format(drawing)
                                        : serve_encode_check(ask->format, &drawing->shown);
}

static struct serve_accepted find_accepted(struct serve_request *request)
{
    char *accept = serve_list_of(request, "Accept");
    struct serve_accepted accepted = serve_format_accepted(accept);
    free(accept);
    return accepted;
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
    const struct serve_header varies[] = {vary, {0}};
    if (drawing->code)
        return serve_say(request, drawing->code, drawing->message,
                         drawing->code == MHD_HTTP_NOT_ACCEPTABLE ? varies : NULL);
    return serve_refuse(request, drawing->status, drawing->message);
}

/* Records the failure of the last call, and answers with it. */
static enum MHD_Result fail(struct serve_request *request, quell_status status)
{
    serve_drawing_fail(request->drawing, status);
    return refuse(request);
}

/* The Cache-Control of the answer. An answer that needed a token must not be stored in a shared
 * cache. */
static const char *keeping_of(const struct serve_request *request)
{
    if (!*request->drawing->tag || request->posted) return "no-store";
    return request->guarded ? "private, max-age=31536000, immutable"
                            : "public, max-age=31536000, immutable";
}

/* Answers that the client has this result already. There is no such answer to a POST, so that gets
 * another status. */
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

/* Whether the request has no If-Match header, or one that matches this result. */
static bool is_wanted(struct serve_request *request)
{
    char *wanted = serve_list_of(request, "If-Match");
    bool right = !wanted || serve_tag_matched(wanted, request->drawing->tag);
    free(wanted);
    return right;
}

static bool is_known(struct serve_request *request)
{
    const char *tag = request->drawing->tag;
    char *known = *tag ? serve_list_of(request, "If-None-Match") : NULL;
    bool found = serve_tag_listed(known, tag);
    free(known);
    return found;
}

/* Answers when all samples are ready or, if they are sent as a stream, when the first ones are. */
static enum MHD_Result answer(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    bool over = !drawing->stream || serve_stream_over(drawing);
    if (over) serve_wait_no_more(request);
    if (atomic_load(&drawing->abandoned)) return MHD_NO;
    if (drawing->stream ? serve_stream_failed(drawing) : drawing->status != QUELL_OK)
        return refuse(request);
    const struct serve_header headers[] = {vary,
                                           {"Cache-Control", keeping_of(request)},
                                           {*drawing->tag ? "ETag" : NULL, drawing->tag},
                                           {0}};
    if (drawing->stream) return serve_stream_answer(request, headers);
    char *bytes = drawing->bytes;
    drawing->bytes = NULL;
    return serve_answer(request, MHD_HTTP_OK, serve_format_type(drawing->ask.format), bytes,
                        drawing->size, headers);
}

/* ---- From the parameters to the queue ---- */

/* Puts the samples into the queue. The connection is suspended before that, because the answer may
 * be ready before the call returns. */
static enum MHD_Result draw(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    bool streams = serve_stream_fits(drawing);
    quell_status status = streams ? serve_stream_begin(request) : QUELL_OK;
    if (status) return fail(request, status);
    request->drawn = true;
    request->next = answer;
    if (!streams) MHD_suspend_connection(request->connection);
    status = streams ? serve_drawing_begin(drawing, serve_stream_end, drawing)
                     : serve_drawing_begin(drawing, go_on, request);
    if (!status) {
        serve_wait(request);
        if (streams && serve_stream_over(drawing)) serve_wait_no_more(request);
        return MHD_YES;
    }
    serve_drawing_fail(drawing, status);
    if (streams)
        serve_stream_end(drawing);
    else
        MHD_resume_connection(request->connection);
    return MHD_YES;
}

/* Takes room for the samples in the queue from the client's account. */
static bool take_samples(struct serve_request *request)
{
    size_t count = request->drawing->ask.count;
    if (quell_account_take(request->account, QUELL_OF_SAMPLES, count)) {
        request->samples = count;
        return true;
    }
    quell_fail(QUELL_BUSY, "the queue has no room for %zu more samples of this client: come again",
               count);
    return false;
}

/* Called when the sampler exists: draws, unless the request is refused or the client has the
 * result. */
static enum MHD_Result draw_or_not(struct serve_request *request)
{
    struct serve_drawing *drawing = request->drawing;
    if (atomic_load(&drawing->abandoned)) return MHD_NO;
    if (drawing->status) return refuse(request);
    if (atomic_load(&drawing->cut)) return fail(request, serve_drawing_ends());
    size_t bytes = serve_drawing_bytes(drawing);
    if (bytes > quell_accounts_most(&request->server->accounts, QUELL_OF_MEMORY))
        return serve_say(request, MHD_HTTP_CONTENT_TOO_LARGE,
                         "count: so many samples take more memory than the server gives to one "
                         "client: ask for fewer, and for the next ones by first",
                         NULL);
    if (!drawing->events && !is_wanted(request))
        return serve_say(request, MHD_HTTP_PRECONDITION_FAILED,
                         "If-Match: what would be drawn is none of these", NULL);
    if (!drawing->events && is_known(request)) return not_modified(request);
    if (!serve_drawing_hold(drawing, bytes)) return serve_say_held(request);
    if (!take_samples(request)) return serve_refuse(request, QUELL_BUSY, quell_error_message());
    if (!drawing->events) return draw(request);
    enum MHD_Result result;
    quell_status status = serve_events_begin(request, &result);
    return status ? fail(request, status) : result;
}

static enum MHD_Result have_made(struct serve_request *request)
{
    serve_wait_no_more(request);
    serve_turn_end(request);
    return draw_or_not(request);
}

/* Reads the body and prepares the drawing, in a workshop. */
static bool make(void *user)
{
    struct serve_request *request = user;
    struct serve_drawing *drawing = request->drawing;
    quell_status status = QUELL_OK;
    if (quell_queue_now() > drawing->begun + drawing->options->seconds)
        status = serve_drawing_late();
    if (!status && request->posted) {
        status = read_body(request);
        if (!status) status = check(drawing);
        if (!status) serve_drawing_find(drawing);
    }
    if (!status && serve_drawing_goes_on(drawing)) status = serve_drawing_prepare(drawing);
    serve_drawing_fail(drawing, status);
    MHD_resume_connection(request->connection);
    return false;
}

void serve_turn_end(struct serve_request *request)
{
    if (request->turn) quell_account_give(request->account, QUELL_OF_TURNS, 1);
    request->turn = false;
}

/* Suspends the connection while a workshop reads the body, and creates the sampler if it does not
 * exist yet. */
static enum MHD_Result send_to_workshop(struct serve_request *request)
{
    request->turn = quell_account_take(request->account, QUELL_OF_TURNS, 1);
    if (!request->turn)
        return fail(request,
                    quell_fail(QUELL_BUSY,
                               "%zu requests of this client that need a new sampler, or "
                               "have a body, wait: try again later",
                               quell_accounts_most(&request->server->accounts, QUELL_OF_TURNS)));
    request->next = have_made;
    request->work = (struct serve_work){.work = make, .user = request, .account = request->account};
    MHD_suspend_connection(request->connection);
    serve_workshop_add(&request->server->making, &request->work);
    serve_wait(request);
    return MHD_YES;
}

/* Counts the request, because a client may only have a limited number of them at the same time. */
static bool count(struct serve_request *request)
{
    request->counted = quell_account_take(request->account, QUELL_OF_REQUESTS, 1);
    if (!request->counted)
        quell_fail(QUELL_BUSY, "%zu requests of this client are being answered: come again",
                   request->account->has[QUELL_OF_REQUESTS]);
    return request->counted;
}

enum MHD_Result serve_samples(struct serve_request *request, const struct serve_model *model,
                              bool events)
{
    if (!count(request)) return serve_refuse(request, QUELL_BUSY, quell_error_message());
    struct serve_drawing *drawing =
        serve_drawing_new(request->server, request->account, request->models, model, events);
    if (!drawing) return MHD_NO;
    request->drawing = drawing;
    drawing->accepted = find_accepted(request);
    drawing->whole = request->whole;
    quell_status status = read_address(request);
    if (status) return fail(request, status);
    if (request->posted) return send_to_workshop(request);
    status = check(drawing);
    if (!status) serve_drawing_find(drawing);
    if (!status && !drawing->sampler) return send_to_workshop(request);
    if (!status) status = serve_drawing_prepare(drawing);
    return status ? fail(request, status) : draw_or_not(request);
}
