/* SPDX-License-Identifier: MIT */
/* Writes the file of a quantised network: its description, in which the quantised instructions have
 * another name and one more operand, and its tensors. */
#include "quantize/quantize.h"
#include "base/fail.h"
#include "base/json_write.h"
#include "base/memory.h"
#include "io/tensor_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A growing text. */
struct text {
    char *at;
    size_t used, room;
};

static int put(void *user, const char *more, size_t size)
{
    struct text *text = user;
    if (text->used + size + 1 > text->room) {
        size_t room = 2 * (text->used + size) + 64;
        char *at = realloc(text->at, room);
        if (!at) return 1;
        text->at = at, text->room = room;
    }
    memcpy(text->at + text->used, more, size);
    text->used += size;
    text->at[text->used] = '\0';
    return 0;
}

static int put_string(struct text *text, const char *more) { return put(text, more, strlen(more)); }

/* The name of the weights, with its quotation marks, ends at operand_end. An attention has no
 * weights. */
static int put_scale(struct text *to, const char *text, const struct quell_candidate *c)
{
    if (c->tensor == QUELL_NO_WEIGHTS) return 0;
    size_t begin = c->operand_end - 1;
    while (text[begin - 1] != '"') begin--;
    return put_string(to, ", \"") || put(to, text + begin, c->operand_end - 1 - begin) ||
           put_string(to, ".scale\"");
}

static int describe(const struct quell_quantizing *q, struct text *to)
{
    size_t from = 0;
    int failed = 0;
    for (size_t i = 0; i < q->candidates && !failed; i++) {
        const struct quell_candidate *c = &q->candidate[i];
        if (!q->chosen[i]) continue;
        failed = put(to, q->text + from, c->kind_end - from) || put_string(to, "_int8") ||
                 put(to, q->text + c->kind_end, c->operand_end - c->kind_end) ||
                 put_scale(to, q->text, c);
        from = c->operand_end;
        for (size_t k = 0; k < c->cuts && !failed; k++) {
            failed = put(to, q->text + from, c->cut[k] - from);
            from = c->cut_end[k];
        }
    }
    return failed || put_string(to, q->text + from);
}

static const struct quell_candidate *chosen_of(const struct quell_quantizing *q, size_t tensor)
{
    for (size_t i = 0; i < q->candidates; i++)
        if (q->chosen[i] && q->candidate[i].tensor == tensor) return &q->candidate[i];
    return NULL;
}

static void put_tensor(struct quell_json_writer *writer, const char *name, const char *type,
                       size_t rank, const size_t *shape, size_t bytes, size_t *at)
{
    quell_json_begin(writer, name, '{');
    quell_json_put_text(writer, "dtype", type);
    quell_json_begin(writer, "shape", '[');
    for (size_t d = 0; d < rank; d++) quell_json_put_whole(writer, NULL, (int64_t)shape[d]);
    quell_json_end(writer, ']');
    quell_json_begin(writer, "data_offsets", '[');
    quell_json_put_whole(writer, NULL, (int64_t)*at);
    quell_json_put_whole(writer, NULL, (int64_t)(*at += bytes));
    quell_json_end(writer, ']');
    quell_json_end(writer, '}');
}

static void put_metadata(const struct quell_quantizing *q, struct quell_json_writer *writer,
                         const char *description)
{
    const struct quell_json_object *metadata = &q->tensors.metadata;
    quell_json_begin(writer, "__metadata__", '{');
    for (size_t i = 0; i < metadata->count; i++) {
        const char *name = metadata->members[i].name;
        quell_json_put_text(writer, name,
                            strcmp(name, "quell") ? quell_json_text(metadata->members[i].value)
                                                  : description);
    }
    quell_json_end(writer, '}');
}

/* Tensors whose elements have several bytes come first, so that all elements are aligned. */
static int put_header(const struct quell_quantizing *q, const char *description, struct text *to,
                      size_t *bytes)
{
    struct quell_json_writer writer = {.put = put, .user = to, .digits = 17};
    size_t at = 0;
    quell_json_begin(&writer, NULL, '{');
    put_metadata(q, &writer, description);
    for (size_t i = 0; i < q->tensors.count; i++) {
        const struct quell_tensor *t = &q->tensors.tensors[i];
        const struct quell_candidate *c = chosen_of(q, i);
        if (c)
            put_tensor(&writer, c->name, "F32", 1, &c->out, c->out * sizeof *c->scale, &at);
        else
            put_tensor(&writer, t->name, quell_tensor_types[t->kind].name, t->rank, t->shape,
                       (size_t)(t->end - t->begin), &at);
    }
    for (size_t i = 0; i < q->tensors.count; i++) {
        const struct quell_tensor *t = &q->tensors.tensors[i];
        const struct quell_candidate *c = chosen_of(q, i);
        if (c) put_tensor(&writer, t->name, "I8", t->rank, t->shape, c->out * c->in, &at);
    }
    quell_json_end(&writer, '}');
    *bytes = at;
    while (!writer.failed && to->used % 8) writer.failed = put(to, " ", 1);
    return writer.failed;
}

static quell_status copy_tensors(struct quell_quantizing *q, unsigned char *to)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < q->tensors.count && !status; i++) {
        const struct quell_candidate *c = chosen_of(q, i);
        const struct quell_tensor *t = &q->tensors.tensors[i];
        size_t bytes = c ? c->out * sizeof *c->scale : (size_t)(t->end - t->begin);
        if (c)
            memcpy(to, c->scale, bytes);
        else
            status = quell_tensors_bytes(&q->tensors, i, to);
        to += bytes;
    }
    for (size_t i = 0; i < q->tensors.count && !status; i++) {
        const struct quell_candidate *c = chosen_of(q, i);
        if (!c) continue;
        memcpy(to, c->bytes, c->out * c->in);
        to += c->out * c->in;
    }
    return status;
}

quell_status quell_quantize_bytes(struct quell_quantizing *q, unsigned char **bytes, size_t *length)
{
    struct text description = {0}, header = {0};
    size_t data = 0;
    quell_status status;
    *bytes = NULL;
    *length = 0;
    if (!describe(q, &description) && !put_header(q, description.at, &header, &data)) {
        *length = 8 + header.used + data;
        *bytes = quell_new(*length, 1);
    }
    if (*bytes) {
        for (size_t i = 0; i < 8; i++) (*bytes)[i] = (unsigned char)(header.used >> 8 * i);
        memcpy(*bytes + 8, header.at, header.used);
        status = copy_tensors(q, *bytes + 8 + header.used);
    } else {
        status = quell_fail(QUELL_NO_MEMORY, "quantize: no memory for the file");
    }
    free(description.at);
    free(header.at);
    return status;
}
