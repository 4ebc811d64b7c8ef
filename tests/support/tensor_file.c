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

size_t tensor_finish(struct tensor_writer *writer, char *file)
{
    put(writer, "}");
    return tensor_file(file, writer->header, writer->data, 4 * writer->floats);
}
