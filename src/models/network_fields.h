/* SPDX-License-Identifier: MIT */
/* Fields that the descriptions of all architectures have. */
#ifndef QUELL_MODELS_NETWORK_FIELDS_H
#define QUELL_MODELS_NETWORK_FIELDS_H

#include "models/document.h"
#include "networks/conditioning.h"
#include "networks/patches.h"

#define QUELL_MOST_BLOCKS 1024
#define QUELL_MOST_FEATURES 65536
#define QUELL_MOST_FACTOR 64

/* The activation of that name; false if there is none. */
bool quell_field_activation(const char *name, enum quell_activation *activation);

/* Reads a size from 1 to `most`. The field must be present if *size is 0. */
quell_status quell_field_size(const struct quell_document *document, const char *field, size_t most,
                              size_t *size);
quell_status quell_field_truth(const struct quell_document *document, const char *field,
                               bool *truth);

/* Reads the sizes of `count` dimensions, as a list or as one number for all. If the field is
 * absent, sizes[0] is taken for all. */
quell_status quell_field_sizes(const struct quell_document *document, const char *field,
                               size_t count, size_t most, size_t *sizes);

/* Reads time_features, time_omega, mod_features and classes. */
quell_status quell_fields_conditioning(const struct quell_document *document,
                                       struct quell_conditioning_shape *shape);

/* Reads `spatial` (2 if absent), and takes a sample's shape as [channels, size...] or [size...]. */
quell_status quell_fields_spatial(const struct quell_document *document, size_t rank,
                                  const size_t *shape, size_t *spatial, size_t *channels,
                                  size_t *size);

#endif
