/* SPDX-License-Identifier: MIT */
#include "tensor_file.h"
#include "formula_weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t tensor_file(char *file, const char *header, const void *data, size_t bytes)
{
    size_t length = strlen(header);
    for (size_t i = 0; i < 8; i++) file[i] = (char)(length >> 8 * i);
    memcpy(file + 8, header, length);
    if (bytes) memcpy(file + 8 + length, data, bytes);
    return 8 + length + bytes;
}

static void put(struct tensor_writer *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    writer->used += (size_t)vsnprintf(writer->header + writer->used,
                                      sizeof writer->header - writer->used, format, arguments);
    va_end(arguments);
}

void tensor_begin(struct tensor_writer *writer, const char *description)
{
    writer->used = writer->floats = 0;
    put(writer, "{");
    if (!description) return;
    put(writer, "\"__metadata__\":{\"quell\":\"");
    for (; *description; description++)
        put(writer, *description == '\'' ? "\\\"" : "%c", *description);
    put(writer, "\"}");
}

void tensor_add(struct tensor_writer *writer, const char *name, size_t rank, const size_t *shape)
{
    size_t count = 1, inputs = 1;
    put(writer, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", writer->used > 1 ? "," : "", name);
    for (size_t i = 0; i < rank; i++) {
        put(writer, i ? ",%zu" : "%zu", shape[i]);
        count *= shape[i];
        if (i) inputs *= shape[i];
    }
    put(writer, "],\"data_offsets\":[%zu,%zu]}", 4 * writer->floats, 4 * (writer->floats + count));
    formula_fill(name, rank > 1 ? sqrt(3 / (double)inputs) : 0.5, count,
                 writer->data + writer->floats);
    writer->floats += count;
}

static void add_linear(struct tensor_writer *writer, const char *name, size_t in, size_t out,
                       int bias)
{
    char full[96];
    const size_t shape[] = {out, in};
    snprintf(full, sizeof full, "%s.weight", name);
    tensor_add(writer, full, 2, shape);
    snprintf(full, sizeof full, "%s.bias", name);
    if (bias) tensor_add(writer, full, 1, shape);
}

void tensor_add_mlp(struct tensor_writer *writer, size_t dim, size_t hidden, size_t blocks,
                    size_t features, size_t width, size_t classes)
{
    char name[64];
    const size_t label[] = {classes + 1, width};
    add_linear(writer, "time.0", features, width, 1);
    add_linear(writer, "time.2", width, width, 1);
    if (classes) tensor_add(writer, "label.weight", 2, label);
    add_linear(writer, "in_proj", dim, hidden, 1);
    for (size_t i = 0; i < blocks; i++) {
        snprintf(name, sizeof name, "blocks.%zu.in_proj", i);
        add_linear(writer, name, hidden, hidden, 1);
        snprintf(name, sizeof name, "blocks.%zu.mod_proj", i);
        add_linear(writer, name, width, hidden, 0);
        snprintf(name, sizeof name, "blocks.%zu.out_proj", i);
        add_linear(writer, name, hidden, hidden, 1);
    }
    add_linear(writer, "out_proj", hidden, dim, 1);
}

size_t tensor_finish(struct tensor_writer *writer, char *file)
{
    put(writer, "}");
    return tensor_file(file, writer->header, writer->data, 4 * writer->floats);
}
