/* SPDX-License-Identifier: MIT */
/* Loading a document, and its simple fields. jansson refuses what is too deep, not UTF-8, or too
 * large for a double; the size of the file is capped here, since a document takes some twenty
 * times its length in memory. All numbers are read as doubles. */
#include "io/json.h"
#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

static quell_status open_document(const char *path, int *file)
{
    struct stat status;
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0 || fstat(*file, &status))
        return quell_fail(QUELL_IO_FAILED, "%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return quell_fail(QUELL_BAD_MODEL, "%s: is not a regular file", path);
    if ((uint64_t)status.st_size > QUELL_MOST_DOCUMENT)
        return quell_fail(QUELL_BAD_MODEL,
                          "%s: has more than 512 MiB: put long arrays into .npy files", path);
    return QUELL_OK;
}

struct source {
    int file, reason; /* reason: errno of a read that failed */
};

/* json_loadfd would read byte by byte. */
static size_t read_part(void *buffer, size_t size, void *user)
{
    struct source *source = user;
    ssize_t got;
    do got = read(source->file, buffer, size);
    while (got < 0 && errno == EINTR);
    if (got >= 0) return (size_t)got;
    source->reason = errno;
    return (size_t)-1;
}

#define STRICT (JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL)

static quell_status check_root(const struct quell_document *document, json_error_t error)
{
    if (document->root && json_is_object(document->root)) return QUELL_OK;
    if (document->root)
        return quell_fail(QUELL_BAD_MODEL, "%s: is not a JSON object: {\"kind\": ...}",
                          document->path);
    /* Where an allocation fails, jansson may return without a word. */
    if (json_error_code(&error) == json_error_out_of_memory || !*error.text)
        return quell_fail(QUELL_NO_MEMORY, "%s: no memory to read it", document->path);
    return quell_fail(QUELL_BAD_MODEL, "%s: line %d, column %d: not JSON: %s", document->path,
                      error.line, error.column, error.text);
}

static quell_status parse(struct quell_document *document, int file)
{
    json_error_t error;
    struct source source = {file, 0};
    document->root = json_load_callback(read_part, &source, STRICT, &error);
    if (source.reason)
        return quell_fail(QUELL_IO_FAILED, "%s: cannot be read: %s", document->path,
                          strerror(source.reason));
    return check_root(document, error);
}

quell_status quell_document_parse(struct quell_document *document, const char *path,
                                  const char *text)
{
    json_error_t error;
    *document = (struct quell_document){path, json_loads(text, STRICT, &error), NULL};
    quell_status status = check_root(document, error);
    if (status) quell_document_free(document);
    return status;
}

quell_status quell_document_load(struct quell_document *document, const char *path)
{
    int file;
    *document = (struct quell_document){path, NULL, NULL};
    quell_status status = open_document(path, &file);
    if (!status) status = parse(document, file);
    if (file >= 0) close(file);
    if (status) quell_document_free(document);
    return status;
}

void quell_document_free(struct quell_document *document)
{
    json_decref(document->root);
    document->root = NULL;
}

quell_status quell_document_known(const struct quell_document *document, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(document->root, key, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key)) i++;
        if (!known[i])
            return quell_document_bad(document, key,
                                      "is not known for this kind: see docs/models.md");
    }
    return QUELL_OK;
}

bool quell_document_is_list(const struct quell_document *document, const char *field)
{
    return json_is_array(json_object_get(document->root, field));
}

bool quell_document_has(const struct quell_document *document, const char *field)
{
    return json_object_get(document->root, field);
}

quell_status quell_document_text(const struct quell_document *document, const char *field,
                                 const char **text)
{
    json_t *value = json_object_get(document->root, field);
    if (!value) return QUELL_OK;
    if (!json_is_string(value)) return quell_document_bad(document, field, "must be a string");
    *text = json_string_value(value);
    return QUELL_OK;
}

quell_status quell_document_truth(const struct quell_document *document, const char *field,
                                  int *truth)
{
    json_t *value = json_object_get(document->root, field);
    if (!value) return QUELL_OK;
    if (!json_is_boolean(value))
        return quell_document_bad(document, field, "must be true or false");
    *truth = json_is_true(value);
    return QUELL_OK;
}

quell_status quell_document_number(const struct quell_document *document, const char *field,
                                   double *number)
{
    json_t *value = json_object_get(document->root, field);
    if (!value) return QUELL_OK;
    if (!json_is_number(value)) return quell_document_bad(document, field, "must be a number");
    *number = json_number_value(value);
    return QUELL_OK;
}

static bool to_count(const json_t *value, double least, size_t *size)
{
    double number = json_is_number(value) ? json_number_value(value) : -1.0;
    if (!(number >= least && number <= (double)QUELL_MOST_ELEMENTS)) return false;
    *size = (size_t)number;
    return (double)*size == number;
}

static bool to_size(const json_t *value, size_t *size) { return to_count(value, 1.0, size); }

quell_status quell_document_size(const struct quell_document *document, const char *field,
                                 size_t *size)
{
    json_t *value = json_object_get(document->root, field);
    if (!value || to_size(value, size)) return QUELL_OK;
    return quell_document_bad(document, field, "must be a whole number from 1 to %zu",
                              QUELL_MOST_ELEMENTS);
}

quell_status quell_document_shape(const struct quell_document *document, const char *field,
                                  size_t most, size_t *rank, size_t *shape)
{
    json_t *value = json_object_get(document->root, field);
    if (!value) return QUELL_OK;
    size_t count = json_array_size(value), product = 1;
    if (!json_is_array(value) || count < 1 || count > most)
        return quell_document_bad(document, field, "must be a list of 1 to %zu sizes", most);
    for (size_t i = 0; i < count; i++)
        if (!to_size(json_array_get(value, i), &shape[i]) ||
            quell_multiply(product, shape[i], &product) || product > QUELL_MOST_ELEMENTS)
            return quell_document_bad(
                document, field, "must be whole numbers from 1 on, whose product is at most %zu",
                QUELL_MOST_ELEMENTS);
    *rank = count;
    return QUELL_OK;
}

quell_status quell_document_counts(const struct quell_document *document, const char *field,
                                   size_t most, size_t *count, size_t *counts)
{
    json_t *value = json_object_get(document->root, field);
    if (!value) return QUELL_OK;
    *count = json_array_size(value);
    if (!json_is_array(value) || *count < 1 || *count > most)
        return quell_document_bad(document, field, "must be a list of 1 to %zu whole numbers",
                                  most);
    for (size_t i = 0; i < *count; i++)
        if (!to_count(json_array_get(value, i), 0.0, &counts[i]))
            return quell_document_bad(document, field, "must be whole numbers from 0 to %zu",
                                      QUELL_MOST_ELEMENTS);
    return QUELL_OK;
}
