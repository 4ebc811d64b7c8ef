/* SPDX-License-Identifier: MIT */
/* What a client sends to `quell serve`. Four lines, the Content-Type, the target, Accept and
 * If-None-Match; the rest is the body, and also a file of tokens. What was taken is read to its
 * last byte. */
#include "input.h"
#include "models/model.h"
#include "serve/body.h"
#include "serve/headers.h"
#include "serve/token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 4 /* lines before the body */

/* Ends the process, as a finding, if something is not so. */
static void must(bool holds)
{
    if (!holds) abort();
}

static void read_conditions(const quell_condition *list, size_t count)
{
    must(count <= QUELL_MAX_CONDITIONS);
    for (size_t i = 0; i < count; i++) {
        must(*list[i].name);
        size_t values = (list[i].count ? list[i].count : 1) * list[i].size;
        for (size_t k = 0; list[i].values && k < values; k++) must(isfinite(list[i].values[k]));
    }
}

static void read_whole_numbers(const int64_t *list, size_t count, bool class)
{
    volatile int64_t sum = 0;
    for (size_t i = 0; list && i < count; i++) {
        if (class) must(list[i] >= -1);
        sum ^= list[i];
    }
}

/* What passes all checks has as many of each as it says. */
static void read_all(const struct serve_ask *ask, size_t dim)
{
    must(ask->count);
    must(!ask->rows || ask->rows == ask->count);
    for (size_t i = 0; ask->from && i < ask->count * dim; i++) must(isfinite(ask->from[i]));
    read_whole_numbers(ask->classes, ask->count, true);
    read_whole_numbers(ask->seeds, ask->count, false);
    read_whole_numbers(ask->indices, ask->count, false);
    read_conditions(ask->conditions, ask->condition_count);
    read_conditions(ask->negative, ask->negative_count);
    must(strlen(ask->sampler) < SERVE_MOST_TEXT && strlen(ask->schedule) < SERVE_MOST_TEXT);
}

/* The parameters of a target, as libmicrohttpd would part them. */
static quell_status take_query(struct serve_ask *ask, const quell_model *model, char *query)
{
    quell_status status = QUELL_OK;
    for (char *name = query; name && !status;) {
        char *next = strchr(name, '&');
        if (next) *next++ = '\0';
        char *value = strchr(name, '=');
        if (value) *value++ = '\0';
        serve_unescape(name);
        if (value) serve_unescape(value);
        if (*name && serve_is_plain(name) && (!value || serve_is_plain(value)))
            status = serve_ask_take(ask, model, name, value ? value : "");
        name = next;
    }
    return status;
}

static void ask_of(const quell_model *model, const char *type, const char *target,
                   const char *bytes, size_t size)
{
    struct serve_ask ask;
    char *query = strdup(target), *body = malloc(size + 1);
    if (!query || !body) abort();
    memcpy(body, bytes, size);
    body[size] = '\0';
    size_t before = strlen(query);
    char *parameters = strchr(query, '?');
    if (parameters) *parameters++ = '\0';
    must(serve_unescape(query) <= before);
    (void)serve_path(query);
    serve_ask_begin(&ask, model, 1024);
    quell_status status = take_query(&ask, model, parameters);
    if (!status && size) status = serve_body_read(&ask, model, type, body, size);
    if (!status) status = serve_ask_check(&ask, model);
    if (!status) read_all(&ask, quell_denoiser_dim(quell_model_denoiser(model)));
    serve_ask_free(&ask);
    free(query);
    free(body);
}

static void read_headers(const char *accept, const char *tags)
{
    struct serve_accepted accepted = serve_format_accepted(accept);
    must(accepted.count <= SERVE_FORMATS);
    for (size_t i = 0; i < accepted.count; i++) must(accepted.order[i] < SERVE_FORMATS);
    must(!*tags || !serve_tag_listed(tags, "\"\n\"") || strchr(tags, '*'));
}

static void read_tokens(const char *path, const char *authorization)
{
    struct serve_tokens tokens = {0};
    if (serve_tokens_read(&tokens, path)) return;
    must(tokens.count && tokens.count <= SERVE_MOST_TOKENS);
    uint64_t number;
    must(!serve_tokens_allow(&tokens, NULL, &number));
    (void)serve_tokens_allow(&tokens, authorization, &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static quell_model *models[2];
    const char *lines[INPUT_LINES];
    if (!models[0] && (quell_model_load(&models[0], "builtin:showers") ||
                       quell_model_load(&models[1], "builtin:rings")))
        abort();
    size_t body = 0;
    for (int i = 0; i < HEAD; i++) {
        const uint8_t *end = body < size ? memchr(data + body, '\n', size - body) : NULL;
        body = end ? (size_t)(end - data) + 1 : size;
    }
    input_lines(data, body, lines);
    for (size_t i = 0; i < 2; i++)
        ask_of(models[i], lines[0], lines[1], (const char *)data + body, size - body);
    read_headers(lines[2], lines[3]);
    read_tokens(input_file(data + body, size - body), lines[2]);
    return 0;
}
