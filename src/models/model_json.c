/* SPDX-License-Identifier: MIT */
/* Models described in JSON (docs/models.md). The fields are read first, then their sizes are
 * compared with each other, and only then a denoiser is created. */
#include "base/fail.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"
#include "models/description.h"
#include "models/document.h"
#include "models/model.h"

#include <quell/schedule.h>
#include <stdlib.h>
#include <string.h>

/* Compares the size of a table, if it is present, with the size that it must have. */
static quell_status expect(const struct quell_document *document, const char *field,
                           const struct quell_table *table, size_t rank, size_t rows,
                           size_t columns)
{
    if (!table->values) return QUELL_OK;
    if (table->rank == rank && table->rows == rows && table->columns == columns) return QUELL_OK;
    if (rank == 1)
        return quell_document_bad(document, field, "must be a list of %zu numbers", rows);
    return quell_document_bad(document, field, "must be %zu rows of %zu numbers", rows, columns);
}

quell_status quell_model_settle_shape(const struct quell_document *document, quell_model *model,
                                      size_t found, size_t *dim)
{
    size_t named = 0, product = 1;
    quell_status status = quell_document_size(document, "dim", &named);
    if (!status)
        status =
            quell_document_shape(document, "shape", QUELL_MAX_RANK, &model->rank, model->shape);
    if (status) return status;
    for (size_t i = 0; i < model->rank; i++) product *= model->shape[i];
    *dim = model->rank ? product : named ? named : found;
    if (!*dim)
        return quell_document_bad(document, "mean", "is not there: give it, or 'shape', or 'dim'");
    if (named && named != *dim)
        return quell_document_bad(document, "dim", "must be the product of 'shape': %zu", *dim);
    if (found && found != *dim)
        return quell_document_bad(document, model->rank ? "shape" : "dim",
                                  "does not go with the other fields, which have %zu elements",
                                  found);
    if (!model->rank) model->shape[model->rank++] = *dim;
    return QUELL_OK;
}

/* Whether a sample, after decoding, has a shape that a picture can have. */
static bool is_of_images(const quell_model *model)
{
    size_t rank = quell_model_decoded_rank(model);
    size_t channels = rank == 3 ? quell_model_decoded_shape(model)[2] : 1;
    return (rank == 2 || rank == 3) && (channels == 1 || channels == 3 || channels == 4);
}

/* Reads the fields that every kind of model has. */
static quell_status read_common(const struct quell_document *document, quell_model *model)
{
    const char *spec = "";
    quell_schedule *schedule = NULL;
    quell_status status = quell_document_text(document, "schedule", &spec);
    if (!status) status = quell_document_truth(document, "image", &model->image);
    if (status) return status;
    if (model->image && !is_of_images(model))
        return quell_document_bad(document, "image",
                                  "needs a %sshape of (height, width), or of (height, width, "
                                  "channels) with 1, 3 or 4 channels",
                                  quell_model_decodes(model) ? "decoded " : "");
    if (strlen(spec) >= sizeof model->schedule)
        return quell_document_bad(document, "schedule", "is longer than 127 characters");
    strcpy(model->schedule, spec);
    if (!*spec) return QUELL_OK;
    status = quell_schedule_create(&schedule, spec);
    if (!status && model->denoiser)
        model->denoiser->trained = schedule;
    else
        quell_schedule_free(schedule);
    return quell_model_refused(document->path, status);
}

static quell_status read_gaussian_fields(const struct quell_document *document,
                                         struct quell_description *d)
{
    d->isotropic = quell_document_has(document, "variance");
    quell_status status = quell_document_number(document, "variance", &d->variance);
    if (!status) status = quell_document_table(document, "mean", &d->mean);
    if (!status) status = quell_document_table(document, "variances", &d->variances);
    if (!status) status = quell_document_table(document, "covariance", &d->covariance);
    if (!status) status = quell_document_table(document, "eigenvalues", &d->eigenvalues);
    if (!status) status = quell_document_table(document, "eigenvectors", &d->eigenvectors);
    return status;
}

static quell_status check_forms(const struct quell_document *document,
                                const struct quell_description *d)
{
    int forms =
        d->isotropic + !!d->variances.values + !!d->covariance.values + !!d->eigenvalues.values;
    if (forms == 1 && !d->eigenvalues.values == !d->eigenvectors.values) return QUELL_OK;
    return quell_document_bad(document, "variance",
                              "or 'variances' or 'covariance' or 'eigenvalues' with "
                              "'eigenvectors' must be given, and one of them only");
}

/* Refuses a table of the wrong rank, before its rows are taken for something else. */
static quell_status check_rank(const struct quell_document *document, const char *field,
                               const struct quell_table *table, size_t rank)
{
    if (!table->values || table->rank == rank) return QUELL_OK;
    const char *wanted = rank == 1 ? "a list of numbers" : "rows of numbers";
    if (table->rank == 1)
        return quell_document_bad(document, field, "must be %s, and has shape (%zu,)", wanted,
                                  table->rows);
    return quell_document_bad(document, field, "must be %s, and has shape (%zu, %zu)", wanted,
                              table->rows, table->columns);
}

static quell_status check_ranks(const struct quell_document *document,
                                const struct quell_description *d)
{
    quell_status status = check_rank(document, "mean", &d->mean, 1);
    if (!status) status = check_rank(document, "variances", &d->variances, 1);
    if (!status) status = check_rank(document, "covariance", &d->covariance, 2);
    if (!status) status = check_rank(document, "eigenvalues", &d->eigenvalues, 1);
    if (!status) status = check_rank(document, "eigenvectors", &d->eigenvectors, 2);
    return status;
}

/* The number of elements of a sample, if a Gaussian's fields tell it; else 0. */
static size_t find_dim(const struct quell_description *d)
{
    const struct quell_table *tables[] = {&d->mean, &d->variances, &d->covariance, &d->eigenvalues};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i]->values) return tables[i]->rows;
    return 0;
}

static quell_status read_gaussian(const struct quell_document *document, quell_model *model,
                                  struct quell_description *d)
{
    size_t dim = 0;
    quell_status status = read_gaussian_fields(document, d);
    if (!status) status = check_forms(document, d);
    if (!status) status = check_ranks(document, d);
    if (!status) status = quell_model_settle_shape(document, model, find_dim(d), &dim);
    if (!status) status = expect(document, "mean", &d->mean, 1, dim, 1);
    if (!status) status = expect(document, "variances", &d->variances, 1, dim, 1);
    if (!status) status = expect(document, "covariance", &d->covariance, 2, dim, dim);
    if (!status) status = expect(document, "eigenvalues", &d->eigenvalues, 1, dim, 1);
    if (!status) status = expect(document, "eigenvectors", &d->eigenvectors, 2, dim, dim);
    return status;
}

static quell_status read_mixture_fields(const struct quell_document *document,
                                        struct quell_description *d)
{
    quell_status status = quell_document_table(document, "weights", &d->weights);
    if (!status) status = quell_document_table(document, "means", &d->means);
    if (!status) status = quell_document_table(document, "variances", &d->variances);
    if (status) return status;
    if (!d->weights.values) return quell_document_bad(document, "weights", "is not there");
    if (!d->variances.values) return quell_document_bad(document, "variances", "is not there");
    if (!d->means.values || d->means.rank != 2)
        return quell_document_bad(document, "means", "must be a list of lists, one a component");
    return QUELL_OK;
}

static quell_status read_mixture(const struct quell_document *document, quell_model *model,
                                 struct quell_description *d)
{
    size_t dim = 0;
    quell_status status = read_mixture_fields(document, d);
    if (status) return status;
    size_t components = d->means.rows, rank = d->variances.rank;
    status = quell_model_settle_shape(document, model, d->means.columns, &dim);
    if (!status) status = expect(document, "weights", &d->weights, 1, components, 1);
    if (!status)
        status =
            expect(document, "variances", &d->variances, rank, components, rank == 2 ? dim : 1);
    return status;
}

/* Keeps the shape of the points, unless the document gives another. */
static quell_status settle_points(const struct quell_document *document, quell_model *model)
{
    quell_model plain = *model;
    size_t dim;
    plain.rank = 0;
    quell_status status =
        quell_model_settle_shape(document, &plain, quell_denoiser_dim(model->denoiser), &dim);
    if (status || !quell_document_has(document, "shape")) return status;
    plain.image = 0;
    *model = plain;
    return QUELL_OK;
}

static quell_status read_empirical(const struct quell_document *document, quell_model *model,
                                   struct quell_description *d)
{
    const char *points = NULL;
    (void)d;
    quell_status status = quell_document_text(document, "points", &points);
    if (status) return status;
    if (!points) return quell_document_bad(document, "points", "must name an .npy file");
    char *path = quell_document_beside(document, points);
    if (!path) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
    status = quell_model_read_points(model, path);
    free(path);
    return status ? status : settle_points(document, model);
}

static const struct kind {
    const char *name;
    quell_status (*read)(const struct quell_document *document, quell_model *model,
                         struct quell_description *description);
    const char *fields[16];
} kinds[] = {
#define COMMON "kind", "comment", "dim", "shape", "image", "schedule"
    {"gaussian",
     read_gaussian,
     {"mean", "variance", "variances", "covariance", "eigenvalues", "eigenvectors", COMMON}},
    {"mixture", read_mixture, {"weights", "means", "variances", COMMON}},
    {"empirical", read_empirical, {"points", COMMON}},
    {"network", quell_model_read_network, {0}}, /* fields: in network_program.c */
};

static const struct kind *find_kind(const struct quell_document *document)
{
    const char *name = "";
    if (quell_document_text(document, "kind", &name)) return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, name)) return &kinds[i];
    return NULL;
}

quell_status quell_model_read_document(const struct quell_document *document, quell_model *model)
{
    struct quell_description description = {0};
    const struct kind *kind = find_kind(document);
    if (!kind)
        return quell_document_bad(document, "kind",
                                  "must be gaussian, mixture, empirical or network");
    quell_status status = kind->fields[0] ? quell_document_known(document, kind->fields) : QUELL_OK;
    if (!status) status = kind->read(document, model, &description);
    if (!status) status = read_common(document, model);
    if (!status && !model->denoiser)
        status = quell_model_refused(document->path, quell_model_describe(model, &description));
    quell_description_clear(&description);
    return status;
}

quell_status quell_model_read_json(quell_model *model, const char *path)
{
    struct quell_document document;
    quell_status status = quell_document_load(&document, path);
    if (status) return status;
    status = quell_model_read_document(&document, model);
    quell_document_free(&document);
    return status;
}
