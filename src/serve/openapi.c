/* SPDX-License-Identifier: MIT */
/* Describes the HTTP interface as OpenAPI 3.0. It is written from the tables of pages and
 * parameters, so that it cannot contradict them. */
#include "serve/array.h"
#include "serve/server.h"
#include "base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct quell_json_writer writer;

#define PUT(json, name, value) quell_json_put_value(json, name, value)

/* ---- Parameters ---- */

static void put_formats(writer *json)
{
    quell_json_put_text(json, "type", "string");
    quell_json_begin(json, "enum", '[');
    for (enum serve_format f = 0; f < SERVE_FORMATS; f++)
        quell_json_put_text(json, NULL, serve_format_name(f));
    quell_json_end(json, ']');
}

static void put_number(writer *json, const struct serve_parameter *parameter)
{
    quell_json_put_text(json, "type", parameter->kind == SERVE_NUMBER ? "number" : "integer");
    if (isfinite(parameter->least)) quell_json_put_number(json, "minimum", parameter->least);
    if (isfinite(parameter->most) && parameter->most > parameter->least)
        quell_json_put_number(json, "maximum", parameter->most);
}

/* `body`: the schema is for a body, where a condition is a member of an object. */
static void put_schema(writer *json, const char *name, const struct serve_parameter *parameter,
                       bool body)
{
    quell_json_begin(json, name, '{');
    switch (parameter->kind) {
    case SERVE_WHOLE:
    case SERVE_NUMBER:
    case SERVE_STEPS:
        put_number(json, parameter);
        break;
    case SERVE_FORMAT:
        put_formats(json);
        break;
    case SERVE_FLAG:
    case SERVE_BROWNIAN:
        quell_json_put_text(json, "type", "string");
        PUT(json, "enum", "[\"yes\", \"no\", \"1\", \"0\", \"true\", \"false\"]");
        break;
    case SERVE_CONDITION:
        quell_json_put_text(json, "type", body ? "object" : "array");
        PUT(json, body ? "additionalProperties" : "items", body ? "{}" : "{\"type\": \"string\"}");
        break;
    case SERVE_TEXT:
    case SERVE_CLASS:
        quell_json_put_text(json, "type", "string");
        break;
    }
    if (body) quell_json_put_text(json, "description", parameter->help);
    quell_json_end(json, '}');
}

static void put_parameter(writer *json, const struct serve_parameter *parameter)
{
    quell_json_begin(json, NULL, '{');
    quell_json_put_text(json, "name", parameter->name);
    quell_json_put_text(json, "in", "query");
    quell_json_put_text(json, "description", parameter->help);
    put_schema(json, "schema", parameter, false);
    quell_json_end(json, '}');
}

static void put_model_name(writer *json)
{
    PUT(json, NULL,
        "{\"name\": \"model\", \"in\": \"path\", \"required\": true, \"schema\": {\"type\": "
        "\"string\"}}");
}

/* Events have no format. */
static void put_parameters(writer *json, bool events)
{
    quell_json_begin(json, "parameters", '[');
    put_model_name(json);
    for (size_t i = 0; serve_ask_parameter(i); i++)
        if (!events || serve_ask_parameter(i)->kind != SERVE_FORMAT)
            put_parameter(json, serve_ask_parameter(i));
    quell_json_end(json, ']');
}

/* ---- Bodies ---- */

static const struct {
    const char *name, *help;
} arrays[] = {
    {"from", "The states to start from, (count, ...)."},
    {"classes", "The class of each sample, -1 for none, (count,)."},
    {"seeds", "The seed of each sample, (count,)."},
    {"indices", "The index of each sample, (count,)."},
};

/* Writes the schema of a body: all parameters, and arrays, as lists or as files. */
static void put_body_schema(writer *json, const char *name, bool files)
{
    quell_json_begin(json, name, '{');
    quell_json_put_text(json, "type", "object");
    PUT(json, "additionalProperties", files ? "true" : "false");
    quell_json_begin(json, "properties", '{');
    for (size_t i = 0; serve_ask_parameter(i); i++)
        put_schema(json, serve_ask_parameter(i)->name, serve_ask_parameter(i), !files);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        quell_json_begin(json, arrays[i].name, '{');
        quell_json_put_text(json, "type", files ? "string" : "array");
        if (files) quell_json_put_text(json, "format", "binary");
        if (!files) PUT(json, "items", "{}");
        quell_json_put_text(json, "description", arrays[i].help);
        quell_json_end(json, '}');
    }
    quell_json_end(json, '}');
    quell_json_end(json, '}');
}

static void put_body(writer *json)
{
    PUT(json, "requestBody",
        "{\"content\": {"
        "\"application/json\": {\"schema\": {\"$ref\": \"#/components/schemas/Wish\"}}, "
        "\"multipart/form-data\": {\"schema\": {\"$ref\": \"#/components/schemas/Form\"}}, "
        "\"application/x-www-form-urlencoded\": {\"schema\": {\"type\": \"object\"}}, "
        "\"application/x-npy\": {\"schema\": {\"type\": \"string\", \"format\": \"binary\"}}}}");
}

/* ---- Answers ---- */

static void put_type(writer *json, const char *type, const char *schema)
{
    quell_json_begin(json, type, '{');
    PUT(json, "schema", schema);
    quell_json_end(json, '}');
}

static void put_refusal(writer *json)
{
    PUT(json, "default",
        "{\"description\": \"The reason for the refusal, in one line.\", \"content\": "
        "{\"text/plain\": {\"schema\": "
        "{\"type\": \"string\"}}}}");
}

static void begin_answer(writer *json, const char *description)
{
    quell_json_begin(json, "responses", '{');
    quell_json_begin(json, "200", '{');
    quell_json_put_text(json, "description", description);
    quell_json_begin(json, "content", '{');
}

static void end_answer(writer *json)
{
    quell_json_end(json, '}');
    quell_json_end(json, '}');
    put_refusal(json);
    quell_json_end(json, '}');
}

static void put_samples(writer *json)
{
    begin_answer(json, "The samples. The ETag names them.");
    for (enum serve_format f = 0; f < SERVE_FORMATS; f++)
        put_type(json, serve_format_type(f),
                 f == SERVE_JSON ? "{\"$ref\": \"#/components/schemas/Samples\"}"
                                 : "{\"type\": \"string\", \"format\": \"binary\"}");
    end_answer(json);
}

static void put_events(writer *json)
{
    begin_answer(json, "Server-sent events: progress, picture, and at last done or failed.");
    put_type(json, "text/event-stream", "{\"type\": \"string\"}");
    end_answer(json);
}

/* ---- Paths ---- */

static void begin_operation(writer *json, const char *method, const char *id, const char *summary)
{
    quell_json_begin(json, method, '{');
    quell_json_put_text(json, "operationId", id);
    quell_json_put_text(json, "summary", summary);
}

/* Writes a page with a fixed address. Its identifier consists of the letters of its address. */
static void put_page(writer *json, const struct serve_page *page)
{
    char id[40];
    size_t used = 0;
    for (const char *at = page->url; *at && used + 1 < sizeof id; at++)
        if ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9')) id[used++] = *at;
    id[used] = '\0';
    quell_json_begin(json, page->url, '{');
    begin_operation(json, "get", used ? id : "page", page->summary);
    if (page->open) PUT(json, "security", "[]");
    begin_answer(json, page->summary);
    put_type(json, page->type,
             strcmp(page->url, "/v1/models") != 0 ? strcmp(page->type, "application/json") != 0
                                                        ? "{\"type\": \"string\"}"
                                                        : "{\"type\": \"object\"}"
                                                  : "{\"$ref\": \"#/components/schemas/Models\"}");
    end_answer(json);
    quell_json_end(json, '}');
    quell_json_end(json, '}');
}

static void put_model(writer *json)
{
    quell_json_begin(json, "/v1/models/{model}", '{');
    begin_operation(json, "get", "model", "One model.");
    quell_json_begin(json, "parameters", '[');
    put_model_name(json);
    quell_json_end(json, ']');
    begin_answer(json, "The model.");
    put_type(json, "application/json", "{\"$ref\": \"#/components/schemas/Model\"}");
    end_answer(json);
    quell_json_end(json, '}');
    quell_json_end(json, '}');
}

static void put_drawing(writer *json, bool events)
{
    quell_json_begin(json, events ? "/v1/models/{model}/events" : "/v1/models/{model}/samples",
                     '{');
    for (int post = 0; post < 2; post++) {
        const char *id = events ? post ? "postEvents" : "getEvents"
                         : post ? "postSamples"
                                : "getSamples";
        begin_operation(json, post ? "post" : "get", id,
                        events ? "How samples are drawn." : "Samples.");
        put_parameters(json, events);
        if (post) put_body(json);
        if (events)
            put_events(json);
        else
            put_samples(json);
        quell_json_end(json, '}');
    }
    quell_json_end(json, '}');
}

static void put_components(writer *json)
{
    quell_json_begin(json, "components", '{');
    quell_json_begin(json, "schemas", '{');
    put_body_schema(json, "Wish", false);
    put_body_schema(json, "Form", true);
    PUT(json, "Samples",
        "{\"type\": \"object\", \"required\": [\"samples\"], \"properties\": {\"samples\": "
        "{\"type\": \"array\", \"items\": {}}}}");
    PUT(json, "Model",
        "{\"type\": \"object\", \"required\": [\"name\", \"shape\"], \"properties\": {"
        "\"name\": {\"type\": \"string\"}, "
        "\"shape\": {\"type\": \"array\", \"items\": {\"type\": \"integer\"}}, "
        "\"decoded\": {\"type\": \"array\", \"items\": {\"type\": \"integer\"}}, "
        "\"image\": {\"type\": \"boolean\"}, \"classes\": {\"type\": \"integer\"}, "
        "\"conditions\": {\"type\": \"object\", \"additionalProperties\": {\"type\": \"array\", "
        "\"items\": {\"type\": \"integer\"}}}, \"schedule\": {\"type\": \"string\"}, "
        "\"reproducible\": {\"type\": \"boolean\"}, \"model_digest\": {\"type\": \"string\"}, "
        "\"decoder_digest\": {\"type\": \"string\"}}}");
    PUT(json, "Models",
        "{\"type\": \"object\", \"properties\": {\"quell\": {\"type\": \"string\"}, "
        "\"samplers\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}, "
        "\"schedules\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}, "
        "\"grids\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}, "
        "\"most_samples\": {\"type\": \"integer\"}, \"most_evaluations\": {\"type\": \"integer\"}, "
        "\"models\": {\"type\": \"array\", \"items\": {\"$ref\": "
        "\"#/components/schemas/Model\"}}}}");
    quell_json_end(json, '}');
    PUT(json, "securitySchemes", "{\"token\": {\"type\": \"http\", \"scheme\": \"bearer\"}}");
    quell_json_end(json, '}');
}

enum MHD_Result serve_openapi(struct serve_request *request)
{
    struct serve_writing page;
    if (!serve_write_begin(&page)) return MHD_NO;
    writer json = {.put = serve_write_put, .user = page.file, .digits = 17, .lines = true};
    quell_json_begin(&json, NULL, '{');
    quell_json_put_text(&json, "openapi", "3.0.3");
    quell_json_begin(&json, "info", '{');
    quell_json_put_text(&json, "title", "quell serve");
    quell_json_put_text(&json, "version", quell_version());
    quell_json_end(&json, '}');
    PUT(&json, "security", "[{\"token\": []}, {}]");
    quell_json_begin(&json, "paths", '{');
    for (size_t i = 0; serve_page(i); i++) put_page(&json, serve_page(i));
    put_model(&json);
    put_drawing(&json, false);
    put_drawing(&json, true);
    quell_json_end(&json, '}');
    put_components(&json);
    quell_json_end(&json, '}');
    fputc('\n', page.file);
    return serve_write_end(request, &page, "application/json");
}
