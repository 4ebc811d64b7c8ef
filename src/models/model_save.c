/* SPDX-License-Identifier: MIT */
/* Stores a model. Numbers have 17 significant digits, with which the same double is read again. */
#include "base/fail.h"
#include "base/floats.h"
#include "base/json_write.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "denoisers/denoiser.h"
#include "models/description.h"
#include "models/model.h"
#include "models/document.h"
#include "io/ending.h"
#include "io/output.h"

#include <stdlib.h>
#include <string.h>

/* Collects the small pieces in which JSON is produced. */
struct buffer {
    struct quell_output output;
    quell_status status;
    size_t filled, total;
    char text[1 << 16];
};

static void empty_buffer(struct buffer *buffer)
{
    buffer->total += buffer->filled;
    if (!buffer->status && buffer->total > QUELL_MOST_DOCUMENT)
        buffer->status = quell_fail(QUELL_UNSUPPORTED,
                                    "%s: would have more than 512 MiB, which is not read back: "
                                    "describe the model with .npy files",
                                    buffer->output.path);
    if (!buffer->status)
        buffer->status = quell_output_write(&buffer->output, buffer->text, buffer->filled);
    buffer->filled = 0;
}

static int put(void *user, const char *text, size_t size)
{
    struct buffer *buffer = user;
    while (size && !buffer->status) {
        size_t room = sizeof buffer->text - buffer->filled, part = size < room ? size : room;
        memcpy(buffer->text + buffer->filled, text, part);
        buffer->filled += part;
        text += part;
        size -= part;
        if (buffer->filled == sizeof buffer->text) empty_buffer(buffer);
    }
    return buffer->status ? -1 : 0;
}

static void put_list(struct quell_json_writer *writer, const char *field, const double *values,
                     size_t count)
{
    quell_json_begin(writer, field, '[');
    for (size_t i = 0; i < count; i++) quell_json_put_number(writer, NULL, values[i]);
    quell_json_end(writer, ']');
}

static void put_table(struct quell_json_writer *writer, const char *field,
                      const struct quell_table *table)
{
    if (!table->values) return;
    if (table->rank == 1) {
        put_list(writer, field, table->values, table->rows);
        return;
    }
    quell_json_begin(writer, field, '[');
    for (size_t i = 0; i < table->rows; i++)
        put_list(writer, NULL, table->values + i * table->columns, table->columns);
    quell_json_end(writer, ']');
}

/* Finds the eigenbasis of a Gaussian that has neither variances nor one variance for all
 * elements. */
static quell_status find_eigenbasis(const quell_model *model, struct quell_table *values,
                                    struct quell_table *vectors)
{
    const struct quell_description *d = model->description;
    size_t dim = quell_denoiser_dim(model->denoiser);
    if (d->variances.values || d->isotropic) return QUELL_OK;
    quell_status status = quell_table_new(values, 1, dim, 1);
    if (!status) status = quell_table_new(vectors, 2, dim, dim);
    if (!status)
        status = quell_denoiser_eigenbasis(model->denoiser, values->values, vectors->values);
    return status;
}

static void put_form(struct quell_json_writer *writer, const quell_model *model)
{
    const char *kind = model->description->means.values ? "mixture" : "gaussian";
    quell_json_put_text(writer, "kind", kind);
    quell_json_begin(writer, "shape", '[');
    for (size_t i = 0; i < model->rank; i++)
        quell_json_put_whole(writer, NULL, (int64_t)model->shape[i]);
    quell_json_end(writer, ']');
    if (model->image) quell_json_put_truth(writer, "image", true);
    if (*model->schedule) quell_json_put_text(writer, "schedule", model->schedule);
}

static void put_document(struct buffer *buffer, const quell_model *model,
                         const struct quell_table *values, const struct quell_table *vectors)
{
    const struct quell_description *d = model->description;
    struct quell_json_writer writer = {.put = put, .user = buffer, .digits = 17};
    quell_json_begin(&writer, NULL, '{');
    put_form(&writer, model);
    put_table(&writer, "mean", &d->mean);
    put_table(&writer, "weights", &d->weights);
    put_table(&writer, "means", &d->means);
    put_table(&writer, "variances", &d->variances);
    if (d->isotropic) quell_json_put_number(&writer, "variance", d->variance);
    put_table(&writer, "eigenvalues", values);
    put_table(&writer, "eigenvectors", vectors);
    quell_json_end(&writer, '}');
    put(buffer, "\n", 1);
    empty_buffer(buffer);
}

static quell_status write_document(struct buffer *buffer, const quell_model *model,
                                   const char *path)
{
    struct quell_table values = {0}, vectors = {0};
    quell_status status = find_eigenbasis(model, &values, &vectors);
    if (!status) status = quell_output_open(&buffer->output, path);
    if (!status) {
        put_document(buffer, model, &values, &vectors);
        status = buffer->status ? buffer->status : quell_output_commit(&buffer->output);
        if (status) quell_output_discard(&buffer->output);
    }
    quell_table_free(&values);
    quell_table_free(&vectors);
    return status;
}

static quell_status save(const quell_model *model, const char *path)
{
    struct buffer *buffer = quell_new(1, sizeof *buffer);
    if (!buffer) return quell_fail(QUELL_NO_MEMORY, "%s: no memory to write it", path);
    quell_status status = write_document(buffer, model, path);
    free(buffer);
    return status;
}

quell_status quell_model_save(const quell_model *model, const char *path)
{
    if (!model || !path)
        return quell_fail(QUELL_BAD_ARGUMENT, "model: %s is NULL", model ? "the path" : "it");
    if (quell_ending_is_other(path, ".json"))
        return quell_fail(QUELL_BAD_ARGUMENT, "model: %s: would be written as .json: name it so",
                          path);
    if (!model->description)
        return quell_fail(QUELL_UNSUPPORTED,
                          "its kind is %s: only a Gaussian or a mixture that was loaded can be "
                          "stored as JSON",
                          model->denoiser->type->kind);
    QUELL_OWN_FLOATS;
    return save(model, path);
}
