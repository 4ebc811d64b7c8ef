/* SPDX-License-Identifier: MIT */
/* The life of a drawing. */
#include "serve/drawing.h"
#include "base/fail.h"
#include "base/memory.h"
#include "engine/sampler.h"
#include "queue/queue.h"
#include "serve/events.h"
#include "serve/server.h"
#include "serve/stream.h"

#include <stdio.h>
#include <stdlib.h>

#define JSON_FLOATS 5 /* room for a number in JSON while it is written, in floats */

struct serve_drawing *serve_drawing_new(struct serve_server *server, struct quell_account *account,
                                        struct serve_models *models,
                                        const struct serve_model *model, bool events)
{
    struct serve_drawing *drawing = quell_new(1, sizeof *drawing);
    if (!drawing) return NULL;
    atomic_init(&drawing->holders, 1);
    drawing->server = server;
    drawing->options = server->options;
    drawing->model = model;
    drawing->begun = quell_queue_now();
    size_t most = quell_accounts_most(&server->accounts, QUELL_OF_SAMPLES);
    if (most > server->options->most_samples) most = server->options->most_samples;
    serve_ask_begin(&drawing->ask, model->model, most);
    if (events) drawing->events = serve_events_new(drawing);
    if (!events || drawing->events) {
        drawing->models = serve_models_hold(models);
        drawing->account = quell_account_hold(account);
        return drawing;
    }
    free(drawing);
    return NULL;
}

void serve_drawing_drop(struct serve_drawing *drawing)
{
    if (!drawing || atomic_fetch_sub(&drawing->holders, 1) > 1) return;
    serve_sampler_give_back(&drawing->server->samplers, drawing->sampler);
    serve_ask_free(&drawing->ask);
    serve_events_free(drawing->events);
    serve_stream_free(drawing->stream);
    serve_encoding_free(drawing->encoding);
    quell_ticket_free(drawing->ticket);
    quell_ticket_free(atomic_load(&drawing->decoding));
    free(drawing->classes);
    free(drawing->negative_classes);
    free(drawing->x);
    free(drawing->decoded);
    free(drawing->bytes);
    serve_models_drop(drawing->models);
    quell_account_give(drawing->account, QUELL_OF_MEMORY, drawing->held);
    quell_account_close(drawing->account);
    free(drawing);
}

/* ---- Preparing ---- */

static size_t product(size_t rank, const size_t *shape)
{
    size_t all = 1;
    for (size_t i = 0; i < rank; i++) all *= shape[i];
    return all;
}

bool serve_drawing_decodes(const struct serve_drawing *drawing)
{
    return quell_model_decodes(drawing->model->model) && !drawing->ask.latent;
}

size_t serve_drawing_shown(const struct serve_drawing *drawing)
{
    return product(drawing->shown.rank, drawing->shown.shape);
}

void serve_drawing_show(struct serve_drawing *drawing)
{
    const quell_model *model = drawing->model->model;
    bool decoded = serve_drawing_decodes(drawing);
    drawing->shown = (struct subject){
        .rank = decoded ? quell_model_decoded_rank(model) : quell_model_rank(model),
        .shape = decoded ? quell_model_decoded_shape(model) : quell_model_shape(model),
        .image = quell_model_image(model) && (decoded || !quell_model_decodes(model))};
}

void serve_drawing_find(struct serve_drawing *drawing)
{
    drawing->sampler =
        serve_sampler_find(&drawing->server->samplers, drawing->model, &drawing->ask);
}

/* Checks that the plan does not evaluate the network more often than the server allows. With
 * guidance each point takes two evaluations. A sampler that chooses its own steps has no fixed
 * number of them, and is only limited by its time. */
static quell_status check_evaluations(struct serve_drawing *drawing)
{
    bool guided = serve_ask_guided(&drawing->ask);
    size_t times = (guided ? 2 : 1) * quell_sampler_evaluations(drawing->sampler->sampler);
    size_t most = drawing->options->most_evaluations;
    char line[160];
    if (times <= most) return QUELL_OK;
    snprintf(line, sizeof line,
             "steps: with this sampler%s they take %zu evaluations of the model, must be at most "
             "%zu on this server",
             guided ? " and guidance" : "", times, most);
    return serve_drawing_refuse(drawing, MHD_HTTP_CONTENT_TOO_LARGE, line);
}

/* Refuses seeds and indices that have no effect, as the command does. */
static quell_status check_noise(const struct serve_drawing *drawing)
{
    static const char *const names[] = {"seeds", "seed", "indices", "first"};
    const struct serve_ask *ask = &drawing->ask;
    if (!ask->from || quell_sampler_noisy(drawing->sampler->sampler)) return QUELL_OK;
    for (int i = 0; i < (ask->each ? 2 : 4); i++) /* each sample has the class of its index */
        if (serve_ask_given(ask, names[i]))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "%s: has no effect: x_1 is that of from, and sampler '%s' draws no "
                              "noise on the way from x_1 to x_0",
                              names[i], ask->sampler);
    return QUELL_OK;
}

quell_status serve_drawing_prepare(struct serve_drawing *drawing)
{
    quell_status status = QUELL_OK;
    if (!drawing->sampler)
        status = serve_sampler_take(&drawing->server->samplers, drawing->model, &drawing->ask,
                                    &drawing->sampler);
    if (!status) status = check_evaluations(drawing);
    if (!status) status = check_noise(drawing);
    if (!status && drawing->ask.format < SERVE_FORMATS &&
        quell_denoiser_reproducible(quell_model_denoiser(drawing->model->model)))
        serve_drawing_name(drawing);
    return status;
}

size_t serve_drawing_bytes(const struct serve_drawing *drawing)
{
    size_t floats = quell_sampler_dim(drawing->sampler->sampler);
    size_t shown = serve_drawing_shown(drawing);
    size_t sampler = serve_sampler_share(&drawing->server->samplers, drawing->sampler);
    size_t copies = drawing->events ? 3 : 1, bytes;
    bool streams = serve_stream_fits(drawing);
    size_t answer = streams ? 0 : drawing->ask.format == SERVE_JSON ? JSON_FLOATS * shown : shown;
    floats = copies * floats + (serve_drawing_decodes(drawing) ? shown : 0) + answer;
    if (__builtin_mul_overflow(drawing->ask.count, floats * sizeof(float), &bytes) ||
        __builtin_add_overflow(bytes, sampler, &bytes) ||
        __builtin_add_overflow(bytes, streams ? serve_stream_bytes(drawing) : 0, &bytes))
        return SIZE_MAX;
    return bytes;
}

bool serve_drawing_hold(struct serve_drawing *drawing, size_t bytes)
{
    bool held = quell_account_take(drawing->account, QUELL_OF_MEMORY, bytes);
    if (held) drawing->held += bytes;
    return held;
}

/* ---- Drawing ---- */

quell_status serve_drawing_request(const struct serve_drawing *drawing, quell_request *request)
{
    *request = quell_request_defaults();
    request->draw = &drawing->draw;
    request->client = drawing->account->number;
    request->seconds = drawing->begun + drawing->options->seconds - quell_queue_now();
    return request->seconds > 0 ? QUELL_OK : serve_drawing_late();
}

quell_status serve_drawing_begin(struct serve_drawing *drawing, void (*ended)(void *user),
                                 void *user)
{
    quell_request request;
    bool from = drawing->ask.from;
    quell_status status = serve_drawing_fill(drawing);
    if (!status) status = serve_drawing_request(drawing, &request);
    if (status) return status;
    drawing->ended = ended;
    drawing->user = user;
    request.sampler = drawing->sampler->sampler;
    request.x = drawing->x;
    request.from = from;
    request.answer = serve_drawing_finish;
    request.user = drawing;
    if (drawing->events) {
        request.observe = serve_events_observe;
        request.observe_user = drawing;
    }
    atomic_fetch_add(&drawing->holders, 1);
    status = quell_queue_submit(drawing->server->queue, &request, &drawing->ticket);
    if (status) atomic_fetch_sub(&drawing->holders, 1);
    return status;
}

void serve_drawing_cancel(struct serve_drawing *drawing)
{
    atomic_store(&drawing->abandoned, true);
    quell_ticket_cancel(drawing->ticket);
    quell_ticket_cancel(atomic_load(&drawing->decoding));
}

void serve_drawing_cut(struct serve_drawing *drawing)
{
    atomic_store(&drawing->cut, true);
    quell_ticket_cancel(drawing->ticket);
    quell_ticket_cancel(atomic_load(&drawing->decoding));
}

bool serve_drawing_goes_on(const struct serve_drawing *drawing)
{
    return !atomic_load(&drawing->abandoned) && !atomic_load(&drawing->cut);
}

/* ---- How it ends ---- */

void serve_drawing_fail(struct serve_drawing *drawing, quell_status status)
{
    drawing->status = status;
    if (!status) return;
    snprintf(drawing->message, sizeof drawing->message, "%s", quell_error_message());
    serve_ask_words(drawing->message, sizeof drawing->message);
}

quell_status serve_drawing_refuse(struct serve_drawing *drawing, unsigned code, const char *line)
{
    drawing->code = code;
    return quell_fail(QUELL_BAD_ARGUMENT, "%s", line);
}

quell_status serve_drawing_late(void)
{
    return quell_fail(QUELL_STOPPED, "the time of the request was up before it was drawn");
}

quell_status serve_drawing_ends(void)
{
    return quell_fail(
        QUELL_STOPPED,
        "the server is stopping: ask it later, or another one now, for the same bytes");
}
