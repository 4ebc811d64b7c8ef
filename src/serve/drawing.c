/* SPDX-License-Identifier: MIT */
#include "serve/drawing.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/sha256.h"
#include "models/model.h"
#include "queue/queue.h"
#include "serve/encode.h"
#include "serve/events.h"
#include "serve/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL 65536   /* bytes */
#define JSON_FLOATS 5 /* the room of a number in JSON, in floats, while it is written */

/* ---- The name of a result ---- */

static void add_text(struct quell_sha256 *sum, const char *text)
{
    quell_sha256_add(sum, text, strlen(text) + 1);
}

static void add_number(struct quell_sha256 *sum, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    add_text(sum, digits);
}

static void add_conditions(struct quell_sha256 *sum, const quell_condition *list, size_t count)
{
    add_number(sum, count);
    for (size_t i = 0; i < count; i++) {
        add_text(sum, list[i].name);
        add_number(sum, list[i].count);
        if (list[i].values)
            quell_sha256_add(sum, list[i].values,
                             (list[i].count ? list[i].count : 1) * list[i].size * sizeof(float));
        else
            add_text(sum, "none");
    }
}

static void add_list(struct quell_sha256 *sum, const void *list, size_t bytes)
{
    add_number(sum, list != NULL);
    if (list) quell_sha256_add(sum, list, bytes);
}

/* Two results have the same name only if they are the same bytes: of all that decides on them, in
 * this version of quell. */
static void name_result(struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    struct quell_sha256 sum;
    char digits[65];
    quell_sha256_begin(&sum);
    add_text(&sum, quell_version());
    add_text(&sum, drawing->model->digest);
    add_number(&sum, quell_model_decoder_digest(drawing->model->model));
    add_text(&sum, serve_format_name(ask->format));
    add_number(&sum, quell_sampler_digest(drawing->sampler->sampler));
    add_number(&sum, ask->seed);
    add_number(&sum, ask->first);
    add_number(&sum, ask->count);
    add_number(&sum, (uint64_t)(ask->class + 1));
    add_number(&sum, (uint64_t)(ask->negative_class + 1));
    add_number(&sum, 2 * (uint64_t)ask->each + (uint64_t)ask->latent);
    add_conditions(&sum, ask->conditions, ask->condition_count);
    add_conditions(&sum, ask->negative, ask->negative_count);
    add_list(&sum, ask->from,
             ask->count * quell_sampler_dim(drawing->sampler->sampler) * sizeof *ask->from);
    add_list(&sum, ask->classes, ask->count * sizeof *ask->classes);
    add_list(&sum, ask->seeds, ask->count * sizeof *ask->seeds);
    add_list(&sum, ask->indices, ask->count * sizeof *ask->indices);
    quell_sha256_end(&sum, digits);
    snprintf(drawing->tag, sizeof drawing->tag, "\"%.32s\"", digits);
}

/* ---- Preparing ---- */

static size_t product(size_t rank, const size_t *shape)
{
    size_t all = 1;
    for (size_t i = 0; i < rank; i++) all *= shape[i];
    return all;
}

static bool decodes(const struct serve_drawing *drawing)
{
    return quell_model_decodes(drawing->model->model) && !drawing->ask.latent;
}

static void find_shown(struct serve_drawing *drawing)
{
    const quell_model *model = drawing->model->model;
    bool decoded = decodes(drawing);
    drawing->shown = (struct subject){
        .rank = decoded ? quell_model_decoded_rank(model) : quell_model_rank(model),
        .shape = decoded ? quell_model_decoded_shape(model) : quell_model_shape(model),
        .image = quell_model_image(model) && (decoded || !quell_model_decodes(model))};
}

/* The index of sample i: of all that can be asked for, that of the last one fits. */
static uint64_t index_of(const struct serve_ask *ask, size_t i)
{
    return ask->indices ? (uint64_t)ask->indices[i] : ask->first + (ask->seeds ? 0 : i);
}

/* One class for all samples, all classes in turn, or those of a list. What is beyond an int32_t is
 * beyond all classes, as INT32_MAX is. */
static int32_t *make_classes(const struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    size_t classes = quell_denoiser_classes(quell_model_denoiser(drawing->model->model));
    int32_t *made = quell_new(ask->count, sizeof *made);
    for (size_t i = 0; made && i < ask->count; i++)
        made[i] = ask->classes
                      ? (int32_t)(ask->classes[i] < INT32_MAX ? ask->classes[i] : INT32_MAX)
                  : ask->each ? (int32_t)(index_of(ask, i) % classes)
                              : ask->class;
    return made;
}

static int32_t *make_negative(const struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    int32_t *made = quell_new(ask->count, sizeof *made);
    for (size_t i = 0; made && i < ask->count; i++) made[i] = ask->negative_class;
    return made;
}

static bool is_labelled(const struct serve_ask *ask)
{
    return ask->class >= 0 || ask->each || ask->classes;
}

/* The states to start from become the samples in place. */
static bool make_memory(struct serve_drawing *drawing)
{
    struct serve_ask *ask = &drawing->ask;
    size_t dim = quell_sampler_dim(drawing->sampler->sampler);
    size_t shown = product(drawing->shown.rank, drawing->shown.shape);
    if (is_labelled(ask)) drawing->classes = make_classes(drawing);
    if (ask->negative_class >= 0) drawing->negative_classes = make_negative(drawing);
    drawing->x = ask->from ? ask->from : quell_new_untouched(ask->count, dim * sizeof(float));
    ask->from = NULL;
    if (decodes(drawing)) drawing->decoded = quell_new_untouched(ask->count, shown * sizeof(float));
    return drawing->x && (drawing->decoded || !decodes(drawing)) &&
           (drawing->classes || !is_labelled(ask)) &&
           (drawing->negative_classes || ask->negative_class < 0);
}

size_t serve_drawing_bytes(const struct serve_drawing *drawing)
{
    size_t floats = quell_sampler_dim(drawing->sampler->sampler);
    size_t shown = product(drawing->shown.rank, drawing->shown.shape);
    size_t copies = drawing->events ? 3 : 1, bytes;
    size_t answer = drawing->ask.format == SERVE_JSON ? JSON_FLOATS * shown : shown;
    floats = copies * floats + (decodes(drawing) ? shown : 0) + answer;
    return __builtin_mul_overflow(drawing->ask.count, floats * sizeof(float), &bytes) ? SIZE_MAX
                                                                                      : bytes;
}

static void make_draw(struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    quell_draw *draw = &drawing->draw;
    *draw = quell_draw_defaults();
    draw->seed = ask->seed;
    draw->first = ask->first;
    draw->count = ask->count;
    draw->seeds = (const uint64_t *)ask->seeds;
    draw->indices = (const uint64_t *)ask->indices;
    draw->classes = drawing->classes;
    draw->negative_classes = drawing->negative_classes;
    draw->conditions = ask->condition_count ? ask->conditions : NULL;
    draw->condition_count = ask->condition_count;
    draw->negative_conditions = ask->negative_count ? ask->negative : NULL;
    draw->negative_condition_count = ask->negative_count;
}

struct serve_drawing *serve_drawing_new(struct serve_server *server, struct serve_models *models,
                                        const struct serve_model *model, bool events)
{
    struct serve_drawing *drawing = quell_new(1, sizeof *drawing);
    if (!drawing) return NULL;
    atomic_init(&drawing->holders, 1);
    drawing->server = server;
    drawing->options = server->options;
    drawing->model = model;
    drawing->begun = quell_queue_now();
    serve_ask_begin(&drawing->ask, model->model);
    if (events) drawing->events = serve_events_new(drawing);
    if (!events || drawing->events) {
        drawing->models = serve_models_hold(models);
        return drawing;
    }
    free(drawing);
    return NULL;
}

quell_status serve_drawing_find(struct serve_drawing *drawing)
{
    find_shown(drawing);
    quell_status status = serve_encode_check(drawing->ask.format, &drawing->shown);
    if (!status)
        drawing->sampler =
            serve_sampler_find(&drawing->server->samplers, drawing->model, &drawing->ask);
    return status;
}

quell_status serve_drawing_prepare(struct serve_drawing *drawing)
{
    quell_status status = QUELL_OK;
    if (!drawing->sampler)
        status = serve_sampler_take(&drawing->server->samplers, drawing->model, &drawing->ask,
                                    &drawing->sampler);
    if (status) return status;
    if (quell_denoiser_reproducible(quell_model_denoiser(drawing->model->model)))
        name_result(drawing);
    return QUELL_OK;
}

/* ---- Drawing ---- */

/* Stops a decoding that nobody waits for, or whose time is up. */
static int watch(void *user, const quell_progress *progress)
{
    struct serve_drawing *drawing = user;
    (void)progress;
    return atomic_load(&drawing->unwanted) ||
           quell_queue_now() > drawing->begun + drawing->options->seconds;
}

/* Decodes, in the queue's thread, with all its threads. */
static quell_status decode(struct serve_drawing *drawing)
{
    quell_run run = quell_run_defaults();
    run.threads = drawing->options->threads;
    run.isa = drawing->options->isa;
    run.progress = watch;
    run.progress_user = drawing;
    return quell_model_decode(drawing->model->model, &drawing->draw, &run, drawing->x,
                              drawing->decoded);
}

static void encode(void *user)
{
    struct serve_drawing *drawing = user;
    const float *x = drawing->decoded ? drawing->decoded : drawing->x;
    if (!drawing->status && !atomic_load(&drawing->unwanted) && drawing->ask.format < SERVE_FORMATS)
        serve_drawing_fail(drawing,
                           serve_encode(drawing->ask.format, &drawing->shown, drawing->ask.count, x,
                                        &drawing->bytes, &drawing->size));
    free(drawing->x);
    free(drawing->decoded);
    drawing->x = drawing->decoded = NULL;
    drawing->ended(drawing->user);
    serve_drawing_drop(drawing);
}

/* Whether an answer takes no longer to write than to hand on. */
static bool is_small(const struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    size_t bytes = ask->count * product(drawing->shown.rank, drawing->shown.shape) * sizeof(float);
    return bytes <= SMALL && (ask->format == SERVE_NPY || ask->format == SERVE_RAW);
}

quell_status serve_drawing_late(void)
{
    return quell_fail(QUELL_STOPPED, "the time of the request was up before it was drawn");
}

static void hear(void *user, const quell_answer *answer)
{
    struct serve_drawing *drawing = user;
    if (!answer->ended) return;
    drawing->status = answer->status;
    snprintf(drawing->message, sizeof drawing->message, "%s", answer->message);
    if (!drawing->status && drawing->decoded) serve_drawing_fail(drawing, decode(drawing));
    if (is_small(drawing)) {
        encode(drawing);
        return;
    }
    drawing->work = (struct serve_work){.work = encode, .user = drawing};
    serve_workshop_add(&drawing->server->finishing, &drawing->work);
}

void serve_drawing_fail(struct serve_drawing *drawing, quell_status status)
{
    drawing->status = status;
    if (status) snprintf(drawing->message, sizeof drawing->message, "%s", quell_error_message());
}

quell_status serve_drawing_begin(struct serve_drawing *drawing, quell_queue *queue, uint64_t client,
                                 void (*ended)(void *user), void *user)
{
    bool from = drawing->ask.from;
    if (!make_memory(drawing)) return quell_fail(QUELL_NO_MEMORY, "no memory for these samples");
    make_draw(drawing);
    drawing->ended = ended;
    drawing->user = user;
    quell_request request = quell_request_defaults();
    request.sampler = drawing->sampler->sampler;
    request.draw = &drawing->draw;
    request.x = drawing->x;
    request.from = from;
    request.client = client;
    request.seconds = drawing->begun + drawing->options->seconds - quell_queue_now();
    if (!(request.seconds > 0)) return serve_drawing_late();
    request.answer = hear;
    request.user = drawing;
    if (drawing->events) {
        request.observe = serve_events_observe;
        request.observe_user = drawing;
    }
    atomic_fetch_add(&drawing->holders, 1);
    quell_status status = quell_queue_submit(queue, &request, &drawing->ticket);
    if (status) atomic_fetch_sub(&drawing->holders, 1);
    return status;
}

void serve_drawing_cancel(struct serve_drawing *drawing)
{
    atomic_store(&drawing->unwanted, true);
    quell_ticket_cancel(drawing->ticket);
}

void serve_drawing_drop(struct serve_drawing *drawing)
{
    if (!drawing || atomic_fetch_sub(&drawing->holders, 1) > 1) return;
    serve_sampler_give_back(&drawing->server->samplers, drawing->sampler);
    serve_ask_free(&drawing->ask);
    serve_events_free(drawing->events);
    quell_ticket_free(drawing->ticket);
    free(drawing->classes);
    free(drawing->negative_classes);
    free(drawing->x);
    free(drawing->decoded);
    free(drawing->bytes);
    serve_models_drop(drawing->models);
    free(drawing);
}
