/* SPDX-License-Identifier: MIT */
/* Tables of numbers, written in the document or in an .npy file beside it. No more memory is
 * allocated than the numbers in the file fill. */
#include "base/fail.h"
#include "base/memory.h"
#include "models/document.h"
#include "io/npy.h"

#include <stdlib.h>
#include <string.h>

static quell_status no_memory(const struct quell_document *document, const char *field)
{
    return quell_fail(QUELL_NO_MEMORY, "%s: no memory for field '%.40s'", document->path, field);
}

/* Copies a list of numbers. Returns 0, or -1 - i if entry i is not a number. */
static ptrdiff_t copy_row(const char *list, double *out)
{
    size_t i = 0;
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at), i++)
        if (!quell_json_number(at, &out[i])) return -1 - (ptrdiff_t)i;
    return 0;
}

static quell_status read_vector(const struct quell_document *document, const char *field,
                                const char *list, struct quell_table *table)
{
    quell_status status = quell_table_new(table, 1, quell_json_length(list), 1);
    if (status) return status;
    ptrdiff_t wrong = copy_row(list, table->values);
    if (!wrong) return QUELL_OK;
    return quell_document_bad(document, field, "has at [%td] what is not a number", -1 - wrong);
}

static quell_status read_rows(const struct quell_document *document, const char *field,
                              const char *list, const struct quell_table *table)
{
    double *out = table->values;
    const char *row = quell_json_first(list);
    for (size_t i = 0; row; row = quell_json_next(row), out += table->columns, i++) {
        ptrdiff_t wrong = copy_row(row, out);
        if (wrong)
            return quell_document_bad(document, field, "has at [%zu][%td] what is not a number", i,
                                      -1 - wrong);
    }
    return QUELL_OK;
}

static quell_status read_matrix(const struct quell_document *document, const char *field,
                                const char *list, struct quell_table *table)
{
    size_t rows = 0, columns = quell_json_length(quell_json_first(list));
    for (const char *row = quell_json_first(list); row; row = quell_json_next(row), rows++)
        if (!columns || quell_json_length(row) != columns)
            return quell_document_bad(document, field,
                                      "must have rows of one length, which [%zu] has not", rows);
    quell_status status = quell_table_new(table, 2, rows, columns);
    return status ? status : read_rows(document, field, list, table);
}

char *quell_document_beside(const struct quell_document *document, const char *name)
{
    const char *slash = strrchr(document->path, '/');
    size_t folder = *name == '/' || !slash ? 0 : (size_t)(slash - document->path) + 1;
    char *path = quell_new(folder + strlen(name) + 1, 1);
    if (!path) return NULL;
    memcpy(path, document->path, folder);
    strcpy(path + folder, name);
    return path;
}

static quell_status read_values(const struct quell_document *document, const char *field,
                                struct quell_npy *npy, struct quell_table *table)
{
    if (npy->rank < 1 || npy->rank > 2 || npy->values == 0)
        return quell_document_bad(document, field,
                                  "names an .npy file that has not 1 or 2 "
                                  "dimensions, or no values");
    size_t columns = npy->rank == 2 ? npy->shape[1] : 1;
    quell_status status = quell_table_new(table, npy->rank, npy->shape[0], columns);
    return status ? status : quell_npy_doubles(npy, npy->values, table->values);
}

static quell_status read_file(const struct quell_document *document, const char *field,
                              const char *name, struct quell_table *table)
{
    struct quell_npy npy;
    char *path = quell_document_beside(document, name);
    if (!path) return no_memory(document, field);
    quell_status status = quell_npy_open(&npy, path);
    free(path);
    if (status) return quell_document_named(document, field, status);
    status = read_values(document, field, &npy, table);
    quell_npy_close(&npy);
    return status;
}

static quell_status read_table(const struct quell_document *document, const char *field,
                               const char *value, struct quell_table *table)
{
    if (quell_json_is_text(value)) return read_file(document, field, quell_json_text(value), table);
    const char *first = quell_json_first(value);
    if (!first)
        return quell_document_bad(document, field,
                                  "must be a list of numbers, a list of lists, or "
                                  "the name of an .npy file");
    return quell_json_is_list(first) ? read_matrix(document, field, value, table)
                                     : read_vector(document, field, value, table);
}

quell_status quell_document_table(const struct quell_document *document, const char *field,
                                  struct quell_table *table)
{
    *table = (struct quell_table){0};
    const char *value = quell_json_get(&document->root, field);
    quell_status status = value ? read_table(document, field, value, table) : QUELL_OK;
    if (status) quell_table_free(table);
    return status;
}
