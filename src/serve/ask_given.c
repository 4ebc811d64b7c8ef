/* SPDX-License-Identifier: MIT */
/* What a request gives for its samples: conditions, as text or as arrays, and lists with one value
 * for each sample. */
#include "serve/ask.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "denoisers/denoiser.h"
#include "serve/array.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Conditions as text ---- */

static quell_status refuse_numbers(const char *name, const char *value,
                                   const struct quell_taken *taken)
{
    const char *none = taken->none ? ", or none" : "";
    if (taken->size == 1)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "%s=%.60s: must be a number of float32, up to 3.4e38%s", name, value,
                          none);
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "%s=%.60s: must be %zu numbers with commas of float32, up to 3.4e38%s", name,
                      value, taken->size, none);
}

/* Whether a text is an integer that is not exact as a float32, as many beyond 2^24 are. */
static bool is_rounded(const char *text, size_t length, double number)
{
    size_t sign = length && (*text == '-' || *text == '+');
    return strspn(text + sign, "0123456789") >= length - sign && (double)(float)number != number;
}

static quell_status read_numbers(const char *name, const char *value,
                                 const struct quell_taken *taken, float *to)
{
    const char *at = strchr(value, '=') + 1;
    for (size_t i = 0; i < taken->size; i++) {
        size_t length = strcspn(at, ",");
        double number;
        bool last = i + 1 == taken->size;
        if (quell_parse_double(at, length, &number) || !isfinite((float)number) ||
            (at[length] == ',') == last)
            return refuse_numbers(name, value, taken);
        if (is_rounded(at, length, number))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "%s=%.60s: the whole number %.*s is not one of float32, which has "
                              "all up to 16777216; write %.9g",
                              name, value, length < 40 ? (int)length : 40, at,
                              (double)(float)number);
        to[i] = (float)number;
        at += length + !last;
    }
    return QUELL_OK;
}

/* Returns the model's condition called `name`; NULL if it has none. */
static const struct quell_taken *find_taken(const quell_denoiser *denoiser, const char *name,
                                            size_t length)
{
    for (size_t i = 0; i < denoiser->conditions; i++)
        if (strlen(denoiser->taken[i].name) == length &&
            !memcmp(denoiser->taken[i].name, name, length))
            return &denoiser->taken[i];
    return NULL;
}

bool serve_ask_conditioned(const quell_denoiser *denoiser, const char *name)
{
    return find_taken(denoiser, name, strlen(name));
}

/* Refuses a name, and suggests the condition of the model with the nearest name, or its first. */
static quell_status refuse_name(const quell_denoiser *denoiser, const char *name, const char *own,
                                size_t length)
{
    struct quell_nearest nearest = quell_nearest_to(own, length);
    int shown = length < 60 ? (int)length : 60;
    if (!denoiser->conditions)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.60s: the model has no conditions", name, own);
    for (size_t i = 0; i < denoiser->conditions; i++)
        quell_nearest_try(&nearest, denoiser->taken[i].name);
    if (*nearest.hint && denoiser->conditions > 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.60s: the model has no condition '%.*s'%s", name,
                          own, shown, own, nearest.hint);
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "%s=%.60s: the model has no condition '%.*s': it takes '%.60s'%s", name, own,
                      shown, own, denoiser->taken[0].name,
                      denoiser->conditions > 1 ? " and others (/v1/models)" : "");
}

/* Begins a new condition in *taken. Fails if the model has no such condition, or if it is in `list`
 * already. */
static quell_status find_place(const quell_denoiser *denoiser, const char *name, const char *own,
                               size_t length, const quell_condition *list, size_t count,
                               quell_condition *taken)
{
    const struct quell_taken *found = find_taken(denoiser, own, length);
    *taken = (quell_condition){0};
    if (!found) return refuse_name(denoiser, name, own, length);
    *taken = (quell_condition){found->name, NULL, 0, found->size};
    for (size_t i = 0; i < count; i++)
        if (list[i].name == taken->name)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: '%s' is given twice", name, taken->name);
    return QUELL_OK;
}

/* Reads NAME=NUMBER[,NUMBER...] or NAME=none, and appends it to `list`. */
quell_status serve_ask_condition(const quell_denoiser *denoiser, const char *name,
                                 const char *value, quell_condition *list, size_t *count)
{
    size_t length = strcspn(value, "=");
    quell_condition taken;
    if (!value[length])
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.60s: must be NAME=VALUE, as energy=50", name,
                          value);
    quell_status status = find_place(denoiser, name, value, length, list, *count, &taken);
    if (!status && strcmp(value + length + 1, "none") != 0) {
        float *values = quell_new(taken.size, sizeof *values);
        if (!values) return quell_fail(QUELL_NO_MEMORY, "no memory for a condition");
        taken.values = values;
        status = read_numbers(name, value, find_taken(denoiser, value, length), values);
    }
    if (taken.name && (!status || taken.values)) list[(*count)++] = taken;
    return status;
}

/* ---- Arrays ---- */

static const char own_condition[] = "condition.", negative_condition[] = "negative-condition.";

static bool begins(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

bool serve_ask_is_array(const char *name, enum serve_wanted *wanted)
{
    bool words = !strcmp(name, "seeds") || !strcmp(name, "indices");
    bool classes = !strcmp(name, "classes");
    *wanted = words ? SERVE_WORDS : classes ? SERVE_CLASSES : SERVE_FLOATS;
    return words || classes || !strcmp(name, "from") || begins(name, own_condition) ||
           begins(name, negative_condition);
}

/* Notes that the array `name` is for `rows` samples. Fails if another array is for another
 * number. */
static quell_status note_rows(struct serve_ask *ask, const char *name, size_t rows)
{
    if (ask->rows && ask->rows != rows)
        return quell_fail(QUELL_BAD_ARGUMENT, "%.80s has %zu row%s, and %s has %zu", name, rows,
                          rows == 1 ? "" : "s", ask->rows_of, ask->rows);
    ask->rows = rows;
    snprintf(ask->rows_of, sizeof ask->rows_of, "%.80s", name);
    return QUELL_OK;
}

/* Whether the shape of `array` consists of `lead` more dimensions, followed by `shape`. */
static bool has_shape(const struct serve_array *array, size_t lead, size_t rank,
                      const size_t *shape)
{
    return array->rank == rank + lead && !memcmp(array->shape + lead, shape, rank * sizeof *shape);
}

static quell_status refuse_shape(const char *name, size_t rank, const size_t *shape)
{
    char text[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < rank && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu", i ? ", " : "", shape[i]);
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "%.80s: has the wrong shape: must be (count, %s), one for each sample%s",
                      name, text, strcmp(name, "from") != 0 ? ", or one alone for all" : "");
}

/* Takes over the memory of the elements. */
static float *take_floats(struct serve_array *array)
{
    float *values = array->floats;
    array->floats = NULL;
    return values;
}

static quell_status take_from(struct serve_ask *ask, const quell_model *model,
                              struct serve_array *array)
{
    size_t rank = quell_model_rank(model);
    if (ask->from) return quell_fail(QUELL_BAD_ARGUMENT, "from is given twice");
    if (!has_shape(array, 1, rank, quell_model_shape(model)))
        return refuse_shape("from", rank, quell_model_shape(model));
    ask->from = take_floats(array);
    return note_rows(ask, "from", array->shape[0]);
}

static const size_t *shape_of(const quell_denoiser *denoiser, const char *name, size_t *rank)
{
    const size_t *shape = NULL;
    for (size_t i = 0; i < quell_denoiser_conditions(denoiser); i++)
        if (quell_denoiser_condition(denoiser, i, rank, &shape) == name) return shape;
    return shape;
}

static quell_status take_condition(struct serve_ask *ask, const quell_denoiser *denoiser,
                                   const char *name, struct serve_array *array)
{
    bool negative = begins(name, negative_condition);
    const char *own = name + strlen(negative ? negative_condition : own_condition);
    quell_condition *list = negative ? ask->negative : ask->conditions, taken;
    size_t *count = negative ? &ask->negative_count : &ask->condition_count, rank = 0;
    quell_status status = find_place(denoiser, negative ? "negative-condition" : "condition", own,
                                     strlen(own), list, *count, &taken);
    if (status) return status;
    const size_t *shape = shape_of(denoiser, taken.name, &rank);
    bool all = has_shape(array, 0, rank, shape) || (!array->rank && taken.size == 1) ||
               (has_shape(array, 1, rank, shape) && array->shape[0] == 1);
    if (!all && !has_shape(array, 1, rank, shape)) return refuse_shape(name, rank, shape);
    taken.count = all ? 0 : array->shape[0];
    taken.values = take_floats(array);
    list[(*count)++] = taken;
    return all ? QUELL_OK : note_rows(ask, name, array->shape[0]);
}

static quell_status take_words(struct serve_ask *ask, size_t classes, const char *name,
                               struct serve_array *array)
{
    int64_t **to = !strcmp(name, "seeds") ? &ask->seeds
                   : *name == 'i'         ? &ask->indices
                                          : &ask->classes;
    if (*to) return quell_fail(QUELL_BAD_ARGUMENT, "%s is given twice", name);
    for (size_t i = 0; *name == 'c' && classes && i < array->values; i++)
        if (array->words[i] >= (int64_t)classes)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: value %zu is %lld, must be 0 to %zu, or -1",
                              name, i, (long long)array->words[i], classes - 1);
    if (array->rank != 1)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: has the wrong shape: must be (count,)", name);
    *to = array->words;
    array->words = NULL;
    return note_rows(ask, name, array->shape[0]);
}

quell_status serve_ask_array(struct serve_ask *ask, const quell_model *model, const char *name,
                             struct serve_array *array)
{
    if (!array->values) return quell_fail(QUELL_BAD_ARGUMENT, "%.80s: has no values", name);
    if (!strcmp(name, "from")) return take_from(ask, model, array);
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    if (array->words) return take_words(ask, quell_denoiser_classes(denoiser), name, array);
    return take_condition(ask, denoiser, name, array);
}

/* ---- Freeing ---- */

static void free_conditions(quell_condition *list, size_t count)
{
    for (size_t i = 0; i < count; i++) free((float *)list[i].values);
}

void serve_ask_free(struct serve_ask *ask)
{
    free_conditions(ask->conditions, ask->condition_count);
    free_conditions(ask->negative, ask->negative_count);
    ask->condition_count = ask->negative_count = 0;
    free(ask->from);
    free(ask->classes);
    free(ask->seeds);
    free(ask->indices);
    ask->from = NULL;
    ask->classes = ask->seeds = ask->indices = NULL;
}
