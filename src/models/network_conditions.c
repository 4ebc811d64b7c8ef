/* SPDX-License-Identifier: MIT */
/* {"conditions": {"energy": {"none": "zeros"}}}: none is "zeros", a list of numbers in row-major
 * order, {"tensor": NAME}, or "same", where guidance leaves the condition as it is. */
#include "models/network_conditions.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

#define FIELD "conditions"

static quell_status no_memory(const struct quell_document *document)
{
    return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its conditions", document->path);
}

static quell_status bad_none(const struct quell_document *document, const struct quell_taken *one)
{
    return quell_document_bad(document, FIELD,
                              "has for '%.60s' a \"none\" that must be \"zeros\", \"same\", a list "
                              "of %zu finite numbers, or {\"tensor\": NAME} of its shape",
                              one->name, one->size);
}

static quell_status read_numbers(const struct quell_document *document, const char *list,
                                 const struct quell_taken *one, float *out)
{
    size_t i = 0;
    if (quell_json_length(list) != one->size) return bad_none(document, one);
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at), i++) {
        double number;
        if (!quell_json_number(at, &number) || !isfinite((float)number))
            return bad_none(document, one);
        out[i] = (float)number;
    }
    return QUELL_OK;
}

static quell_status read_tensor(const struct quell_document *document,
                                struct quell_tensors *tensors, char *value,
                                const struct quell_taken *one, float *out)
{
    struct quell_json_object object = {0};
    const char *twice;
    if (quell_json_open(&object, value, &twice)) return no_memory(document);
    const char *name =
        object.count == 1 ? quell_json_text(quell_json_get(&object, "tensor")) : NULL;
    quell_status status = name ? quell_tensors_read(tensors, name, one->rank, one->shape, out)
                               : bad_none(document, one);
    quell_json_close(&object);
    return status;
}

static quell_status read_none(const struct quell_document *document, struct quell_tensors *tensors,
                              char *value, struct quell_taken *one)
{
    const char *text = quell_json_is_text(value) ? quell_json_text(value) : NULL;
    one->same = text && !strcmp(text, "same");
    if (one->same) return QUELL_OK;
    float *none = quell_new(one->size, sizeof *none);
    if (!none) return no_memory(document);
    one->none = none; /* freed with the conditions */
    if (quell_json_is_list(value)) return read_numbers(document, value, one, none);
    if (quell_json_is_object(value)) return read_tensor(document, tensors, value, one, none);
    return text && !strcmp(text, "zeros") ? QUELL_OK : bad_none(document, one);
}

static quell_status read_one(const struct quell_document *document, struct quell_tensors *tensors,
                             char *value, struct quell_taken *one)
{
    struct quell_json_object object = {0};
    const char *twice = NULL;
    if (!quell_json_is_object(value))
        return quell_document_bad(document, FIELD,
                                  "must have for '%.60s' an object {\"none\": ...}", one->name);
    if (quell_json_open(&object, value, &twice)) return no_memory(document);
    char *none = quell_json_get(&object, "none");
    quell_status status =
        none && object.count == 1
            ? read_none(document, tensors, none, one)
            : quell_document_bad(document, FIELD, "must have for '%.60s' the member \"none\" alone",
                                 one->name);
    quell_json_close(&object);
    return status;
}

static quell_status read_all(const struct quell_document *document, struct quell_tensors *tensors,
                             const struct quell_json_object *object, struct quell_taken *taken,
                             size_t count)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < object->count && !status; i++) {
        const struct quell_json_member *member = &object->members[i];
        size_t at = quell_taken_named(taken, count, member->name);
        status = at < count ? read_one(document, tensors, member->value, &taken[at])
                            : quell_document_bad(document, FIELD,
                                                 "has '%.60s', which is no input of the program "
                                                 "'denoise'",
                                                 member->name);
    }
    return status;
}

quell_status quell_conditions_read(const struct quell_document *document,
                                   struct quell_tensors *tensors, struct quell_taken *taken,
                                   size_t count)
{
    struct quell_json_object object = {0};
    const char *twice = NULL;
    char *value = quell_json_get(&document->root, FIELD);
    if (!value) return QUELL_OK;
    if (!quell_json_is_object(value))
        return quell_document_bad(document, FIELD,
                                  "must be an object of conditions by name, as {\"energy\": "
                                  "{\"none\": \"zeros\"}}");
    if (quell_json_open(&object, value, &twice)) return no_memory(document);
    quell_status status = twice ? quell_document_bad(document, FIELD, "has '%.40s' twice", twice)
                                : read_all(document, tensors, &object, taken, count);
    quell_json_close(&object);
    return status;
}
