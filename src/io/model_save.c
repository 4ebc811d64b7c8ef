/* SPDX-License-Identifier: MIT */
/* Storing a model. Numbers are written with 17 significant digits, which is enough to read the same
 * double back; jansson puts a decimal point whatever the locale. */
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "io/description.h"
#include "io/json.h"
#include "io/output.h"

#include <jansson.h>
#include <quell/model.h>
#include <stdlib.h>
#include <string.h>

/* jansson hands out its text in small pieces. */
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

static int put(const char *text, size_t size, void *user)
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

/* `count` numbers as a list, NULL if memory ran out. */
static json_t *list_of(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_real(values[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *list_of_lists(const double *values, size_t rows, size_t columns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows; i++)
        if (json_array_append_new(list, list_of(values + i * columns, columns))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int set_table(json_t *root, const char *field, const struct quell_table *table)
{
    if (!table->values) return 0;
    return json_object_set_new(root, field,
                               table->rank == 2
                                   ? list_of_lists(table->values, table->rows, table->columns)
                                   : list_of(table->values, table->rows));
}

static int set_eigenbasis(json_t *root, const quell_denoiser *denoiser)
{
    size_t dim = quell_denoiser_dim(denoiser);
    struct quell_table values = {0}, vectors = {0};
    quell_status status = quell_table_new(&values, 1, dim, 1);
    if (!status) status = quell_table_new(&vectors, 2, dim, dim);
    if (!status) status = quell_denoiser_eigenbasis(denoiser, values.values, vectors.values);
    int failed = status || set_table(root, "eigenvalues", &values) ||
                 set_table(root, "eigenvectors", &vectors);
    quell_table_free(&values);
    quell_table_free(&vectors);
    return failed;
}

/* A Gaussian without variances of its own kept has an eigenbasis. */
static int set_parameters(json_t *root, const quell_model *model)
{
    const struct quell_description *d = model->description;
    int failed = set_table(root, "mean", &d->mean) || set_table(root, "weights", &d->weights) ||
                 set_table(root, "means", &d->means) || set_table(root, "variances", &d->variances);
    if (failed || d->variances.values) return failed;
    if (d->isotropic) return json_object_set_new(root, "variance", json_real(d->variance));
    return set_eigenbasis(root, model->denoiser);
}

static int set_form(json_t *root, const quell_model *model)
{
    const char *kind = model->description->means.values ? "mixture" : "gaussian";
    json_t *shape = json_array();
    int failed = json_object_set_new(root, "kind", json_string(kind));
    for (size_t i = 0; i < model->rank; i++)
        failed |= json_array_append_new(shape, json_integer((json_int_t)model->shape[i]));
    failed |= json_object_set_new(root, "shape", shape);
    if (model->image) failed |= json_object_set_new(root, "image", json_true());
    if (*model->schedule)
        failed |= json_object_set_new(root, "schedule", json_string(model->schedule));
    return failed;
}

static quell_status write_document(const json_t *root, struct buffer *buffer, const char *path)
{
    quell_status status = quell_output_open(&buffer->output, path);
    if (status) return status;
    int failed = json_dump_callback(root, put, buffer, JSON_COMPACT | JSON_REAL_PRECISION(17));
    put("\n", 1, buffer);
    empty_buffer(buffer);
    if (!buffer->status && failed)
        buffer->status = quell_fail(QUELL_NO_MEMORY, "%s: no memory to write it", path);
    if (!buffer->status) return quell_output_commit(&buffer->output);
    quell_output_discard(&buffer->output);
    return buffer->status;
}

static quell_status save(const quell_model *model, const char *path)
{
    json_t *root = json_object();
    struct buffer *buffer = quell_new(1, sizeof *buffer);
    quell_status status = QUELL_NO_MEMORY;
    if (root && buffer && !set_form(root, model) && !set_parameters(root, model))
        status = write_document(root, buffer, path);
    else
        quell_fail(status, "%s: no memory to describe the model", path);
    free(buffer);
    json_decref(root);
    return status;
}

quell_status quell_model_save(const quell_model *model, const char *path)
{
    if (!model || !model->denoiser || !path)
        return quell_fail(QUELL_BAD_ARGUMENT, "model: the model or the path is NULL");
    if (!model->description)
        return quell_fail(QUELL_UNSUPPORTED,
                          "%s: only a loaded Gaussian or mixture can be stored as JSON, not an "
                          "empirical or a hand-made model",
                          path);
    QUELL_OWN_FLOATS;
    return save(model, path);
}
