/* SPDX-License-Identifier: MIT */
/* Loads a document and reads its simple fields. The file is read as a whole, and its values are
 * read in place (base/json.h). All numbers are read as doubles. */
#include "models/document.h"
#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

quell_status quell_document_bad(const struct quell_document *document, const char *field,
                                const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return quell_fail(QUELL_BAD_MODEL, "%s: field '%.40s' %s", document->path, field, text);
}

static quell_status open_document(const char *path, int *file, size_t *length)
{
    struct stat status;
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0 || fstat(*file, &status)) return quell_fail_file(path, "cannot be read");
    if (!S_ISREG(status.st_mode))
        return quell_fail(QUELL_BAD_MODEL, "%s: is not a regular file", path);
    if ((uint64_t)status.st_size > QUELL_MOST_DOCUMENT)
        return quell_fail(QUELL_BAD_MODEL,
                          "%s: has more than 512 MiB: put long arrays into .npy files", path);
    *length = (size_t)status.st_size;
    return QUELL_OK;
}

static quell_status no_memory(const struct quell_document *document)
{
    return quell_fail(QUELL_NO_MEMORY, "%s: no memory to read it", document->path);
}

/* Reads the file up to its length or, if it has become shorter meanwhile, up to its end. */
static quell_status read_text(const struct quell_document *document, int file, size_t *length)
{
    size_t size = *length;
    for (*length = 0; *length < size;) {
        ssize_t got = read(file, document->text + *length, size - *length);
        if (got == 0) break;
        if (got > 0) *length += (size_t)got;
        if (got < 0 && errno != EINTR) return quell_fail_file(document->path, "cannot be read");
    }
    document->text[*length] = '\0';
    return QUELL_OK;
}

/* Fails with QUELL_BAD_MODEL, and names line and column as an editor counts them. */
static quell_status not_json(const struct quell_document *document, const char *problem, size_t at)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        bool ends = document->text[i] == '\n';
        line += ends;
        column = ends ? 1 : column + 1;
    }
    return quell_fail(QUELL_BAD_MODEL, "%s: line %zu, column %zu: not JSON: %s", document->path,
                      line, column, problem);
}

static quell_status open_root(struct quell_document *document, size_t length)
{
    size_t at;
    const char *twice, *problem = quell_json_check(document->text, length, &at);
    if (problem) return not_json(document, problem, at);
    char *root = quell_json_root(document->text);
    if (!quell_json_is_object(root))
        return quell_fail(QUELL_BAD_MODEL, "%s: is not a JSON object: {...}", document->path);
    if (quell_json_open(&document->root, root, &twice)) return no_memory(document);
    return twice ? quell_document_bad(document, twice, "is there twice") : QUELL_OK;
}

quell_status quell_document_parse(struct quell_document *document, const char *path,
                                  const char *text)
{
    size_t length = strlen(text);
    *document = (struct quell_document){.path = path, .text = quell_new(length + 1, 1)};
    if (!document->text) return no_memory(document);
    memcpy(document->text, text, length);
    quell_status status = open_root(document, length);
    if (status) quell_document_free(document);
    return status;
}

quell_status quell_document_load(struct quell_document *document, const char *path)
{
    int file;
    size_t length = 0;
    *document = (struct quell_document){.path = path};
    quell_status status = open_document(path, &file, &length);
    if (!status && !(document->text = quell_new_untouched(length + 1, 1)))
        status = no_memory(document);
    if (!status) status = read_text(document, file, &length);
    if (!status) status = open_root(document, length);
    if (file >= 0) close(file);
    if (status) quell_document_free(document);
    return status;
}

void quell_document_free(struct quell_document *document)
{
    quell_json_close(&document->root);
    free(document->text);
    document->text = NULL;
}

quell_status quell_document_known(const struct quell_document *document, const char *const *known)
{
    for (size_t m = 0; m < document->root.count; m++) {
        size_t i = 0;
        const char *name = document->root.members[m].name;
        while (known[i] && strcmp(known[i], name)) i++;
        if (!known[i])
            return quell_document_bad(document, name,
                                      "is not known for this kind: see docs/models.md");
    }
    return QUELL_OK;
}

bool quell_document_has(const struct quell_document *document, const char *field)
{
    return quell_json_get(&document->root, field);
}

quell_status quell_document_text(const struct quell_document *document, const char *field,
                                 const char **text)
{
    const char *value = quell_json_get(&document->root, field);
    if (!value) return QUELL_OK;
    if (!quell_json_is_text(value)) return quell_document_bad(document, field, "must be a string");
    *text = quell_json_text(value);
    return QUELL_OK;
}

quell_status quell_document_truth(const struct quell_document *document, const char *field,
                                  int *truth)
{
    const char *value = quell_json_get(&document->root, field);
    if (!value) return QUELL_OK;
    if (!quell_json_is_truth(value))
        return quell_document_bad(document, field, "must be true or false");
    *truth = *value == 't';
    return QUELL_OK;
}

quell_status quell_document_number(const struct quell_document *document, const char *field,
                                   double *number)
{
    const char *value = quell_json_get(&document->root, field);
    if (!value || quell_json_number(value, number)) return QUELL_OK;
    return quell_document_bad(document, field, "must be a number");
}

static bool to_size(const char *value, size_t *size)
{
    double number;
    if (!quell_json_number(value, &number)) return false;
    if (!(number >= 1.0 && number <= (double)QUELL_MOST_ELEMENTS)) return false;
    *size = (size_t)number;
    return (double)*size == number;
}

quell_status quell_document_size(const struct quell_document *document, const char *field,
                                 size_t *size)
{
    const char *value = quell_json_get(&document->root, field);
    if (!value || to_size(value, size)) return QUELL_OK;
    return quell_document_bad(document, field, "must be a whole number from 1 to %zu",
                              QUELL_MOST_ELEMENTS);
}

quell_status quell_document_shape(const struct quell_document *document, const char *field,
                                  size_t most, size_t *rank, size_t *shape)
{
    const char *value = quell_json_get(&document->root, field);
    size_t count, product = 1;
    if (!value) return QUELL_OK;
    count = quell_json_length(value);
    if (count < 1 || count > most)
        return quell_document_bad(document, field, "must be a list of 1 to %zu sizes", most);
    value = quell_json_first(value);
    for (size_t i = 0; i < count; i++, value = quell_json_next(value))
        if (!to_size(value, &shape[i]) || quell_multiply(product, shape[i], &product) ||
            product > QUELL_MOST_ELEMENTS)
            return quell_document_bad(
                document, field, "must be whole numbers from 1 on, whose product is at most %zu",
                QUELL_MOST_ELEMENTS);
    *rank = count;
    return QUELL_OK;
}
