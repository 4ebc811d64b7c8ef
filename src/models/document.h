/* SPDX-License-Identifier: MIT */
/* A JSON document from an untrusted file, read field by field. Each reader checks the type and the
 * length of what it finds; a failure (QUELL_BAD_MODEL) names file, field and remedy. */
#ifndef QUELL_MODELS_DOCUMENT_H
#define QUELL_MODELS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>
#include "base/json.h"
#include "models/description.h"

/* The largest file that is read, and so the largest that is written as well. */
#define QUELL_MOST_DOCUMENT ((size_t)512 << 20)

struct quell_tensors;

struct quell_document {
    const char *path;
    char *text; /* the text, into which the members of the object point */
    struct quell_json_object root;
    struct quell_tensors *tensors; /* if it is in the metadata of this file */
};

quell_status quell_document_load(struct quell_document *document, const char *path);
/* Parses a document that is a text inside the file `path`. */
quell_status quell_document_parse(struct quell_document *document, const char *path,
                                  const char *text);
void quell_document_free(struct quell_document *document);

/* QUELL_BAD_MODEL, "PATH: field 'FIELD' ...". */
__attribute__((format(printf, 3, 4))) quell_status quell_document_bad(
    const struct quell_document *document, const char *field, const char *format, ...);

/* Refuses fields that are not in `known`, which ends with NULL. */
quell_status quell_document_known(const struct quell_document *document, const char *const *known);

bool quell_document_has(const struct quell_document *document, const char *field);

/* These leave *result unchanged if the field is absent. */
quell_status quell_document_text(const struct quell_document *document, const char *field,
                                 const char **text);
quell_status quell_document_truth(const struct quell_document *document, const char *field,
                                  int *truth);
quell_status quell_document_number(const struct quell_document *document, const char *field,
                                   double *number);
quell_status quell_document_size(const struct quell_document *document, const char *field,
                                 size_t *size);

/* A list of sizes, each from 1 to QUELL_MOST_ELEMENTS, and so is their product. */
#define QUELL_MOST_ELEMENTS ((size_t)1 << 26)
quell_status quell_document_shape(const struct quell_document *document, const char *field,
                                  size_t most, size_t *rank, size_t *shape);

/* Reads a list of numbers, a list of such lists of equal length, or the name of an .npy file
 * relative to the document. The table is empty if the field is absent. */
quell_status quell_document_table(const struct quell_document *document, const char *field,
                                  struct quell_table *table);

/* Returns the path of `name` relative to the document, in new memory; NULL if there is no
 * memory. */
char *quell_document_beside(const struct quell_document *document, const char *name);

#endif
