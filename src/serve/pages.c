/* SPDX-License-Identifier: MIT */
/* Pages about the models, as JSON, and the metrics of the server, for Prometheus. */
#include "serve/server.h"
#include "base/json_write.h"
#include "models/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool serve_write_begin(struct serve_writing *page)
{
    page->file = open_memstream(&page->bytes, &page->size);
    return page->file;
}

enum MHD_Result serve_write_end(struct serve_request *request, struct serve_writing *page,
                                const char *type)
{
    static const struct serve_header fresh[] = {{"Cache-Control", "no-cache"}, {0}};
    bool failed = ferror(page->file);
    failed = fclose(page->file) || failed;
    if (!failed) return serve_answer(request, MHD_HTTP_OK, type, page->bytes, page->size, fresh);
    free(page->bytes);
    return MHD_NO;
}

int serve_write_put(void *user, const char *text, size_t size)
{
    return fwrite(text, 1, size, user) < size;
}

static void put_shape(struct quell_json_writer *writer, const char *name, size_t rank,
                      const size_t *shape)
{
    quell_json_begin(writer, name, '[');
    for (size_t i = 0; i < rank; i++) quell_json_put_whole(writer, NULL, (int64_t)shape[i]);
    quell_json_end(writer, ']');
}

static void put_conditions(struct quell_json_writer *writer, const quell_denoiser *denoiser)
{
    quell_json_begin(writer, "conditions", '{');
    for (size_t i = 0; i < quell_denoiser_conditions(denoiser); i++) {
        size_t rank;
        const size_t *shape;
        const char *name = quell_denoiser_condition(denoiser, i, &rank, &shape);
        put_shape(writer, name, rank, shape);
    }
    quell_json_end(writer, '}');
}

static void put_digest(struct quell_json_writer *writer, const char *name, uint64_t digest)
{
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, digest);
    quell_json_put_text(writer, name, text);
}

static void put_model(struct quell_json_writer *writer, const char *name,
                      const struct serve_model *one)
{
    const quell_model *model = one->model;
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    quell_json_begin(writer, name, '{');
    quell_json_put_text(writer, "name", one->name);
    put_shape(writer, "shape", quell_model_rank(model), quell_model_shape(model));
    if (quell_model_decodes(model))
        put_shape(writer, "decoded", quell_model_decoded_rank(model),
                  quell_model_decoded_shape(model));
    quell_json_put_truth(writer, "image", quell_model_image(model));
    quell_json_put_whole(writer, "classes", (int64_t)quell_denoiser_classes(denoiser));
    put_conditions(writer, denoiser);
    const char *schedule = quell_model_schedule(model);
    quell_json_put_text(writer, "schedule", *schedule ? schedule : "vp");
    quell_json_put_truth(writer, "reproducible", quell_denoiser_reproducible(denoiser));
    put_digest(writer, "model_digest", quell_denoiser_digest(denoiser));
    if (quell_model_decodes(model))
        put_digest(writer, "decoder_digest", quell_model_decoder_digest(model));
    quell_json_end(writer, '}');
}

enum MHD_Result serve_model(struct serve_request *request, const struct serve_model *model)
{
    struct serve_writing page;
    if (!serve_write_begin(&page)) return MHD_NO;
    struct quell_json_writer writer = {
        .put = serve_write_put, .user = page.file, .digits = 17, .lines = true};
    put_model(&writer, NULL, model);
    fputc('\n', page.file);
    return serve_write_end(request, &page, "application/json");
}

static void put_list(struct quell_json_writer *writer, const char *name, quell_list_kind kind)
{
    quell_entry entry = quell_entry_init();
    quell_json_begin(writer, name, '[');
    for (size_t i = 0; !quell_list(kind, i, &entry); i++) {
        quell_entry_alias alias = quell_entry_alias_init();
        quell_json_put_text(writer, NULL, entry.name);
        for (size_t k = 0; !quell_list_alias(kind, i, k, &alias); k++)
            quell_json_put_text(writer, NULL, alias.name);
    }
    quell_json_end(writer, ']');
}

enum MHD_Result serve_models(struct serve_request *request)
{
    const struct serve_options *options = request->server->options;
    const struct serve_models *models = request->models;
    struct serve_writing page;
    if (!serve_write_begin(&page)) return MHD_NO;
    struct quell_json_writer writer = {
        .put = serve_write_put, .user = page.file, .digits = 17, .lines = true};
    quell_json_begin(&writer, NULL, '{');
    quell_json_put_text(&writer, "quell", quell_version());
    quell_json_put_whole(&writer, "most_samples", (int64_t)options->most_samples);
    quell_json_put_whole(&writer, "most_evaluations", (int64_t)options->most_evaluations);
    put_list(&writer, "samplers", QUELL_LIST_SAMPLERS);
    put_list(&writer, "schedules", QUELL_LIST_SCHEDULES);
    put_list(&writer, "grids", QUELL_LIST_GRIDS);
    quell_json_begin(&writer, "models", '[');
    for (size_t i = 0; i < models->count; i++) put_model(&writer, NULL, &models->models[i]);
    quell_json_end(&writer, ']');
    quell_json_end(&writer, '}');
    fputc('\n', page.file);
    return serve_write_end(request, &page, "application/json");
}

/* ---- Metrics, in Prometheus' text format ---- */

static void put_metric(FILE *file, const char *name, const char *type, const char *help,
                       double value)
{
    fprintf(file, "# HELP quell_%s %s\n# TYPE quell_%s %s\nquell_%s %.17g\n", name, help, name,
            type, name, value);
}

static void put_answers(FILE *file, const struct serve_server *server)
{
    fputs("# HELP quell_http_answers_total Answers, by their status.\n"
          "# TYPE quell_http_answers_total counter\n",
          file);
    for (unsigned code = 0; code < SERVE_MOST_CODE; code++)
        if (server->answers[code])
            fprintf(file, "quell_http_answers_total{code=\"%u\"} %" PRIu64 "\n", code,
                    server->answers[code]);
}

enum MHD_Result serve_metrics(struct serve_request *request)
{
    struct serve_server *server = request->server;
    struct serve_writing page;
    quell_queue_state state;
    quell_queue_look(server->queue, &state);
    if (!serve_write_begin(&page)) return MHD_NO;
    put_answers(page.file, server);
    put_metric(page.file, "http_gone_total", "counter",
               "Clients that closed the connection before they had all of the answer.",
               (double)server->gone);
    put_metric(page.file, "http_open", "gauge", "Requests that are being answered.",
               (double)atomic_load(&server->open));
    put_metric(page.file, "http_connections", "gauge", "Connections that are open.",
               (double)serve_connections_count(&server->connections));
    put_metric(page.file, "held_bytes", "gauge", "Memory that is reserved for requests, in bytes.",
               (double)quell_accounts_taken(&server->accounts, QUELL_OF_MEMORY));
    put_metric(page.file, "loads_total", "counter", "How often models were opened anew.",
               (double)atomic_load(&server->loaded));
    put_metric(page.file, "request_seconds_total", "counter",
               "The total time of requests for samples, in seconds.", server->seconds);
    put_metric(page.file, "answer_pieces_total", "counter",
               "Pieces in which long answers were written, between which others have their turns.",
               (double)serve_workshop_pieces(&server->finishing));
    put_metric(page.file, "queue_requests", "gauge", "Requests in the queue.",
               (double)state.requests);
    put_metric(page.file, "queue_samples", "gauge", "Samples in the queue.", (double)state.samples);
    put_metric(page.file, "samples_total", "counter", "Samples that were drawn.",
               (double)state.drawn);
    put_metric(page.file, "runs_total", "counter", "Runs in which samples were drawn.",
               (double)state.runs);
    put_metric(page.file, "busy", "gauge", "Whether a run is going on.", state.busy);
    return serve_write_end(request, &page, "text/plain; version=0.0.4");
}
