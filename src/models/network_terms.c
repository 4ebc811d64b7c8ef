/* SPDX-License-Identifier: MIT */
#include "models/network_terms.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POINTS 1000000

static quell_status read_word(const struct quell_document *document, const char *word,
                              struct quell_time_form *form)
{
    form->of = quell_time_of_name(word);
    form->scale = 1;
    if (form->of != QUELL_TIME_OWN) return QUELL_OK;
    return quell_document_bad(document, "time",
                              "is of '%.40s', must be t, sigma, log_sigma, log_snr, fraction or "
                              "angle",
                              word);
}

static quell_status check_members(const struct quell_document *document,
                                  const struct quell_json_object *time)
{
    static const char *const known[] = {"of", "at", "values", "scale", "offset", "rounding", NULL};
    for (size_t i = 0, k; i < time->count; i++) {
        for (k = 0; known[k] && strcmp(known[k], time->members[i].name); k++) continue;
        if (!known[k])
            return quell_document_bad(
                document, "time",
                "has '%.40s': of, at, values, scale, offset and rounding are known",
                time->members[i].name);
    }
    if (quell_json_is_text(quell_json_get(time, "of"))) return QUELL_OK;
    return quell_document_bad(document, "time",
                              "must have 'of': t, sigma, log_sigma, log_snr, fraction or angle");
}

static quell_status read_rounding(const struct quell_document *document, const char *value,
                                  struct quell_time_form *form)
{
    static const char *const words[] = {"none", "nearest", "up", "down"};
    for (int i = 0; value && quell_json_is_text(value) && i < 4; i++)
        if (!strcmp(words[i], quell_json_text(value))) {
            form->rounding = (enum quell_time_rounding)i;
            return QUELL_OK;
        }
    if (!value) return QUELL_OK;
    return quell_document_bad(document, "time",
                              "must have none, nearest, up or down as 'rounding'");
}

/* Reads a number whose sums and products with others are far from overflow. */
static bool is_moderate(const char *value, double *number)
{
    return quell_json_number(value, number) && fabs(*number) <= 1e30;
}

static quell_status read_line(const struct quell_document *document,
                              const struct quell_json_object *time, struct quell_time_form *form)
{
    const char *scale = quell_json_get(time, "scale"), *offset = quell_json_get(time, "offset");
    if (scale && !(is_moderate(scale, &form->scale) && form->scale != 0))
        return quell_document_bad(document, "time",
                                  "has a 'scale' that must be a number up to 1e30, not 0");
    if (offset && !is_moderate(offset, &form->offset))
        return quell_document_bad(document, "time",
                                  "has an 'offset' that must be a number up to 1e30");
    return read_rounding(document, quell_json_get(time, "rounding"), form);
}

/* Copies the numbers of a list; false if something else is in it. */
static bool copy(const char *list, double *out)
{
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at), out++)
        if (!is_moderate(at, out)) return false;
    return true;
}

static bool rises(const double *position, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (!(position[i] > position[i - 1])) return false;
    return true;
}

static quell_status read_table(const struct quell_document *document,
                               const struct quell_json_object *time, struct quell_time_form *form)
{
    const char *at = quell_json_get(time, "at"), *values = quell_json_get(time, "values");
    size_t points = quell_json_length(at);
    if (!at && !values) return QUELL_OK;
    if (points < 2 || points > MOST_POINTS || quell_json_length(values) != points)
        return quell_document_bad(document, "time",
                                  "must have as many 'at' as 'values', from 2 to %d", MOST_POINTS);
    form->table = quell_new(points, 2 * sizeof *form->table);
    if (!form->table) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
    form->points = points;
    if (!copy(at, form->table) || !copy(values, form->table + points))
        return quell_document_bad(document, "time",
                                  "must have numbers up to 1e30 in 'at' and 'values'");
    if (rises(form->table, points)) return QUELL_OK;
    return quell_document_bad(document, "time", "must have numbers that rise in 'at'");
}

static quell_status read_members(const struct quell_document *document,
                                 const struct quell_json_object *time, struct quell_time_form *form)
{
    quell_status status = check_members(document, time);
    if (!status) status = read_word(document, quell_json_text(quell_json_get(time, "of")), form);
    if (!status) status = read_line(document, time, form);
    return status ? status : read_table(document, time, form);
}

static quell_status read_form(const struct quell_document *document, struct quell_time_form *form)
{
    char *value = quell_json_get(&document->root, "time");
    struct quell_json_object time = {0};
    const char *twice;
    if (!value) return QUELL_OK;
    if (quell_json_is_text(value)) return read_word(document, quell_json_text(value), form);
    if (!quell_json_is_object(value))
        return quell_document_bad(document, "time", "must be a word, or an object with 'of'");
    if (quell_json_open(&time, value, &twice))
        return quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
    quell_status status = twice ? quell_document_bad(document, "time", "has '%.40s' twice", twice)
                                : read_members(document, &time, form);
    quell_json_close(&time);
    return status;
}

static quell_status read_data(const struct quell_document *document,
                              struct quell_parametrization *parametrization)
{
    double *data = &parametrization->data;
    if (!quell_document_has(document, "sigma_data")) return QUELL_OK;
    quell_status status = quell_document_number(document, "sigma_data", data);
    if (status) return status;
    if (!(*data >= 1e-6 && *data <= 1e6))
        return quell_document_bad(document, "sigma_data", "must be from 1e-6 to 1e6");
    if (parametrization->precondition == QUELL_SIMPLE ||
        parametrization->precondition == QUELL_KARRAS)
        return QUELL_OK;
    return quell_document_bad(document, "sigma_data",
                              "is for a 'precondition' of simple or karras: leave it out");
}

static quell_status read_no_class(const struct quell_document *document,
                                  struct quell_parametrization *parametrization)
{
    const char *value = quell_json_get(&document->root, "no_class");
    const char *word = quell_json_is_text(value) ? quell_json_text(value) : "";
    double number = -1;
    if (!value) return QUELL_OK;
    if (!quell_document_has(document, "classes"))
        return quell_document_bad(document, "no_class", "is there, but there are no 'classes'");
    if (!strcmp(word, "none"))
        parametrization->no_class = QUELL_NO_CLASS_UNKNOWN;
    else if (!strcmp(word, "zeros"))
        parametrization->no_class = QUELL_NO_CLASS_ZEROS;
    else if (quell_json_number(value, &number) && number >= 0 && number < 16777216 &&
             number == floor(number))
        parametrization->no_class = QUELL_NO_CLASS_INDEX;
    else
        return quell_document_bad(document, "no_class",
                                  "must be an index from 0 to 16777215, 'zeros' or 'none'");
    parametrization->no_class_index = number > 0 ? (size_t)number : 0;
    return QUELL_OK;
}

static quell_status read_variance(const struct quell_document *document,
                                  struct quell_parametrization *parametrization)
{
    const char *variance = "none";
    quell_status status = quell_document_text(document, "variance", &variance);
    parametrization->learned_range = !status && !strcmp(variance, "learned_range");
    if (status || parametrization->learned_range || !strcmp(variance, "none")) return status;
    return quell_document_bad(document, "variance", "must be 'none' or 'learned_range'");
}

quell_status quell_model_read_terms(const struct quell_document *document,
                                    struct quell_parametrization *parametrization)
{
    quell_status status = read_data(document, parametrization);
    if (!status) status = read_no_class(document, parametrization);
    if (!status) status = read_variance(document, parametrization);
    return status ? status : read_form(document, &parametrization->time);
}
