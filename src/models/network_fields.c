/* SPDX-License-Identifier: MIT */
#include "models/network_fields.h"

#include <string.h>

static const char *const activations[QUELL_ACTIVATIONS] = {
    [QUELL_RELU] = "relu", [QUELL_RELU2] = "relu2", [QUELL_SILU] = "silu", [QUELL_GELU] = "gelu"};

bool quell_field_activation(const char *name, enum quell_activation *activation)
{
    for (int i = QUELL_RELU; i < QUELL_ACTIVATIONS; i++) {
        *activation = (enum quell_activation)i;
        if (!strcmp(activations[i], name)) return true;
    }
    return false;
}

quell_status quell_field_size(const struct quell_document *document, const char *field, size_t most,
                              size_t *size)
{
    quell_status status = quell_document_size(document, field, size);
    if (status) return status;
    if (*size >= 1 && *size <= most) return QUELL_OK;
    return quell_document_bad(document, field, "must be a whole number from 1 to %zu", most);
}

quell_status quell_field_truth(const struct quell_document *document, const char *field,
                               bool *truth)
{
    int value = *truth;
    quell_status status = quell_document_truth(document, field, &value);
    *truth = value != 0;
    return status;
}

quell_status quell_fields_conditioning(const struct quell_document *document,
                                       struct quell_conditioning_shape *shape)
{
    quell_status status =
        quell_field_size(document, "time_features", QUELL_MOST_FEATURES, &shape->features);
    if (!status)
        status = quell_field_size(document, "mod_features", QUELL_MOST_FEATURES, &shape->width);
    if (!status) status = quell_document_size(document, "classes", &shape->classes);
    shape->omega = 1e4;
    if (!status) status = quell_document_number(document, "time_omega", &shape->omega);
    if (status) return status;
    if (shape->features % 2) return quell_document_bad(document, "time_features", "must be even");
    if (!(shape->omega >= 1))
        return quell_document_bad(document, "time_omega", "must be 1 or more");
    return QUELL_OK;
}

quell_status quell_field_sizes(const struct quell_document *document, const char *field,
                               size_t count, size_t most, size_t *sizes)
{
    size_t rank = count, all = sizes[0];
    if (!quell_document_is_list(document, field)) {
        quell_status status = quell_field_size(document, field, most, &all);
        for (size_t d = 0; d < count; d++) sizes[d] = all;
        return status;
    }
    quell_status status = quell_document_shape(document, field, count, &rank, sizes);
    if (status) return status;
    if (rank != count)
        return quell_document_bad(document, field, "must have %zu sizes, or be one size", count);
    for (size_t d = 0; d < count; d++)
        if (sizes[d] > most)
            return quell_document_bad(document, field, "must be at most %zu", most);
    return QUELL_OK;
}

quell_status quell_fields_spatial(const struct quell_document *document, size_t rank,
                                  const size_t *shape, size_t *spatial, size_t *channels,
                                  size_t *size)
{
    *spatial = 2;
    *channels = 1;
    quell_status status = quell_field_size(document, "spatial", QUELL_MOST_SPATIAL, spatial);
    if (status) return status;
    if (rank != *spatial && rank != *spatial + 1)
        return quell_document_bad(
            document, "shape", "must have %zu sizes, or the channels and then so many", *spatial);
    size_t before = rank - *spatial;
    if (before) *channels = shape[0];
    memcpy(size, shape + before, *spatial * sizeof *size);
    return QUELL_OK;
}
