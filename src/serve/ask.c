/* SPDX-License-Identifier: MIT */
#include "serve/ask.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Formats ---- */

static const struct {
    const char *name, *type;
} formats[SERVE_FORMATS] = {
    [SERVE_NPY] = {"npy", "application/x-npy"},
    [SERVE_RAW] = {"raw", "application/octet-stream"},
    [SERVE_JSON] = {"json", "application/json"},
    [SERVE_PNG] = {"png", "image/png"},
};

const char *serve_format_name(enum serve_format format) { return formats[format].name; }
const char *serve_format_type(enum serve_format format) { return formats[format].type; }

/* The quality that a range of an Accept header, up to its comma, gives itself (RFC 9110, 12.4.2);
 * 1 if it does not say. */
static double quality_of(const char *range, size_t length)
{
    for (size_t i = 0; i + 2 < length; i++)
        if (range[i] == ';') {
            i += strspn(range + i + 1, " \t");
            if (i + 2 < length && (range[i + 1] | 32) == 'q' && range[i + 2] == '=')
                return quell_leading_double(range + i + 3);
        }
    return 1;
}

/* How closely a range, as "image/png", "image/" and a star, or two stars, describes a type; 0: not
 * at all. */
static int closeness(const char *range, size_t length, const char *type)
{
    size_t part = strcspn(type, "/") + 1;
    if (length == strlen(type) && !strncasecmp(range, type, length)) return 3;
    if (length == part + 1 && range[part] == '*' && !strncasecmp(range, type, part)) return 2;
    return length == 3 && !memcmp(range, "*/*", 3);
}

/* The quality of a type: that of the range that describes it most closely; 0 if none does. */
static double quality_in(const char *accept, const char *type)
{
    double quality = 0;
    for (int closest = 0; *accept;) {
        accept += strspn(accept, " \t,");
        size_t length = strcspn(accept, ",");
        int close = closeness(accept, strcspn(accept, ";, \t"), type);
        if (close > closest) {
            closest = close;
            quality = quality_of(accept, length);
        }
        accept += length;
    }
    return quality;
}

enum serve_format serve_format_accepted(const char *accept)
{
    enum serve_format best = SERVE_FORMATS;
    double highest = 0;
    if (!accept || !accept[strspn(accept, " \t")]) return SERVE_NPY;
    for (enum serve_format f = 0; f < SERVE_FORMATS; f++) {
        double quality = quality_in(accept, formats[f].type);
        if (quality <= highest) continue;
        highest = quality;
        best = f;
    }
    return best;
}

/* ---- Parameters ---- */

enum kind { WHOLE, NUMBER, TEXT, FLAG, STEPS, BROWNIAN, CLASS, CONDITION, FORMAT };

/* offset: of its member in struct serve_ask. Numbers lie from least to most. */
struct parameter {
    const char *name;
    enum kind kind;
    size_t offset;
    double least, most;
};

#define AT(member) offsetof(struct serve_ask, member)

static const struct parameter parameters[] = {
    {"seed", WHOLE, AT(seed), 0, 0},
    {"first", WHOLE, AT(first), 0, 0},
    {"count", WHOLE, AT(count), 0, 0},
    {"class", CLASS, AT(class), 0, 0},
    {"negative-class", CLASS, AT(negative_class), 0, 0},
    {"condition", CONDITION, AT(conditions), 0, 0},
    {"negative-condition", CONDITION, AT(negative), 0, 0},
    {"guidance", NUMBER, AT(guidance), -INFINITY, INFINITY},
    {"guidance-low", NUMBER, AT(guidance_low), 0, 1},
    {"guidance-high", NUMBER, AT(guidance_high), 0, 1},
    {"guidance-rescale", NUMBER, AT(guidance_rescale), 0, 1},
    {"sampler", TEXT, AT(sampler), 0, 0},
    {"steps", STEPS, AT(options.steps), 0, 0},
    {"schedule", TEXT, AT(schedule), 0, 0},
    {"grid", TEXT, AT(grid), 0, 0},
    {"start", NUMBER, AT(options.start), 0, 1},
    {"stop", NUMBER, AT(options.stop), 0, 1},
    {"brownian", BROWNIAN, AT(options.brownian), 0, 0},
    {"clamp-low", NUMBER, AT(options.clamp_low), -INFINITY, INFINITY},
    {"clamp-high", NUMBER, AT(options.clamp_high), -INFINITY, INFINITY},
    {"threshold", NUMBER, AT(options.threshold), 0, 1},
    {"threshold-max", NUMBER, AT(options.threshold_max), 1, INFINITY},
    {"latent", FLAG, AT(latent), 0, 0},
    {"format", FORMAT, AT(format), 0, 0},
};

#define PARAMETERS (sizeof parameters / sizeof *parameters)

static bool given(const struct serve_ask *ask, const char *name)
{
    size_t i = 0;
    while (i < PARAMETERS && strcmp(parameters[i].name, name) != 0) i++;
    return ask->given >> i & 1;
}

bool serve_ask_guided(const struct serve_ask *ask) { return given(ask, "guidance"); }

static bool read_whole(const char *text, uint64_t *value)
{
    uint64_t made = 0;
    if (!*text || strspn(text, "0123456789") != strlen(text)) return false;
    for (; *text; text++)
        if (__builtin_mul_overflow(made, 10, &made) ||
            __builtin_add_overflow(made, (uint64_t)(*text - '0'), &made))
            return false;
    *value = made;
    return true;
}

static quell_status take_whole(const char *name, const char *value, uint64_t *to)
{
    if (read_whole(value, to)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a whole number, 0 to 2^64 - 1", name,
                      value);
}

static quell_status take_number(const struct parameter *parameter, const char *value, double *to)
{
    double number;
    if (!quell_parse_double(value, strlen(value), &number) && number >= parameter->least &&
        number <= parameter->most) {
        *to = number;
        return QUELL_OK;
    }
    if (isinf(parameter->least))
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a number", parameter->name, value);
    return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a number from %g to %g",
                      parameter->name, value, parameter->least, parameter->most);
}

static quell_status take_text(const char *name, const char *value, char *to)
{
    if (!*value || strlen(value) >= SERVE_MOST_TEXT)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a text of 1 to %d bytes", name,
                          value, SERVE_MOST_TEXT - 1);
    strcpy(to, value);
    return QUELL_OK;
}

static quell_status take_flag(const char *name, const char *value, bool *to)
{
    bool yes = !strcmp(value, "yes") || !strcmp(value, "1") || !strcmp(value, "true");
    bool no = !strcmp(value, "no") || !strcmp(value, "0") || !strcmp(value, "false");
    *to = yes;
    return yes || no ? QUELL_OK
                     : quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be yes or no", name, value);
}

static quell_status take_class(struct serve_ask *ask, size_t classes, const char *name,
                               const char *value, int32_t *to)
{
    uint64_t number;
    bool own = !strcmp(name, "class");
    if (!classes)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: the model has no classes", name, value);
    if (own && !strcmp(value, "each")) {
        ask->each = true;
        return QUELL_OK;
    }
    if (!read_whole(value, &number) || number >= classes)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be 0 to %zu%s", name, value,
                          classes - 1, own ? ", or each" : "");
    *to = (int32_t)number;
    return QUELL_OK;
}

/* ---- Conditions ---- */

static quell_status refuse_numbers(const char *name, const char *value, size_t size)
{
    return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.60s: must be %zu number%s%s of float32, or none",
                      name, value, size, size == 1 ? "" : "s", size == 1 ? "" : " with commas");
}

static quell_status read_numbers(const char *name, const char *value, size_t size, float *to)
{
    const char *at = strchr(value, '=') + 1;
    for (size_t i = 0; i < size; i++) {
        size_t length = strcspn(at, ",");
        double number;
        bool last = i + 1 == size;
        if (quell_parse_double(at, length, &number) || !isfinite((float)number) ||
            (at[length] == ',') == last)
            return refuse_numbers(name, value, size);
        to[i] = (float)number;
        at += length + !last;
    }
    return QUELL_OK;
}

/* The condition of that name that a model takes, with the product of its shape; its name is NULL if
 * there is none. */
static quell_condition find_taken(const quell_denoiser *denoiser, const char *name, size_t length)
{
    for (size_t i = 0; i < quell_denoiser_conditions(denoiser); i++) {
        size_t rank, size = 1;
        const size_t *shape;
        const char *own = quell_denoiser_condition(denoiser, i, &rank, &shape);
        for (size_t k = 0; k < rank; k++) size *= shape[k];
        if (strlen(own) == length && !memcmp(own, name, length))
            return (quell_condition){own, NULL, 0, size};
    }
    return (quell_condition){0};
}

/* Reads NAME=NUMBER[,NUMBER...] or NAME=none into the next place of a list. */
static quell_status take_condition(const quell_denoiser *denoiser, const char *name,
                                   const char *value, quell_condition *list, size_t *count)
{
    size_t length = strcspn(value, "=");
    if (!value[length])
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.60s: must be NAME=VALUE, as energy=50", name,
                          value);
    quell_condition taken = find_taken(denoiser, value, length);
    if (!taken.name)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.60s: the model has no condition '%.*s'", name,
                          value, length < 60 ? (int)length : 60, value);
    for (size_t i = 0; i < *count; i++)
        if (list[i].name == taken.name)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: '%s' is given twice", name, taken.name);
    quell_status status = QUELL_OK;
    if (strcmp(value + length + 1, "none") != 0) {
        float *values = quell_new(taken.size, sizeof *values);
        if (!values) return quell_fail(QUELL_NO_MEMORY, "no memory for a condition");
        taken.values = values;
        status = read_numbers(name, value, taken.size, values);
    }
    list[(*count)++] = taken;
    return status;
}

static quell_status take_format(const char *value, enum serve_format *to)
{
    for (enum serve_format f = 0; f < SERVE_FORMATS; f++)
        if (!strcmp(value, formats[f].name)) {
            *to = f;
            return QUELL_OK;
        }
    return quell_fail(QUELL_BAD_ARGUMENT, "format=%.40s: must be npy, raw, json or png", value);
}

/* ---- All of them ---- */

void serve_ask_begin(struct serve_ask *ask, const quell_model *model)
{
    *ask = (struct serve_ask){.count = 1,
                              .class = -1,
                              .negative_class = -1,
                              .sampler = "ddim",
                              .options = quell_sampler_defaults(),
                              .guidance_high = 1,
                              .format = SERVE_FORMATS};
    const char *own = quell_model_schedule(model);
    strncpy(ask->schedule, *own ? own : "vp", SERVE_MOST_TEXT - 1);
}

static void free_conditions(quell_condition *list, size_t count)
{
    for (size_t i = 0; i < count; i++) free((float *)list[i].values);
}

void serve_ask_free(struct serve_ask *ask)
{
    free_conditions(ask->conditions, ask->condition_count);
    free_conditions(ask->negative, ask->negative_count);
    ask->condition_count = ask->negative_count = 0;
}

static quell_status take(struct serve_ask *ask, const quell_model *model,
                         const struct parameter *parameter, const char *value)
{
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    const char *name = parameter->name;
    void *at = (char *)ask + parameter->offset;
    bool flag = false;
    quell_status status = QUELL_OK;
    switch (parameter->kind) {
    case WHOLE:
        return take_whole(name, value, at);
    case NUMBER:
        return take_number(parameter, value, at);
    case TEXT:
        return take_text(name, value, at);
    case FLAG:
        return take_flag(name, value, at);
    case FORMAT:
        return take_format(value, at);
    case CLASS:
        return take_class(ask, quell_denoiser_classes(denoiser), name, value, at);
    case BROWNIAN:
        status = take_flag(name, value, &flag);
        ask->options.brownian = flag;
        return status;
    case STEPS:
        break;
    case CONDITION:
        return take_condition(denoiser, name, value, at,
                              at == (void *)ask->conditions ? &ask->condition_count
                                                            : &ask->negative_count);
    }
    uint64_t steps;
    if (!read_whole(value, &steps) || steps < 1 || steps > 1000000)
        return quell_fail(QUELL_BAD_ARGUMENT, "steps=%.40s: must be from 1 to 1000000", value);
    ask->options.steps = steps;
    return QUELL_OK;
}

static quell_status refuse_name(const char *name)
{
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    for (size_t i = 0; i < PARAMETERS; i++) quell_nearest_try(&nearest, parameters[i].name);
    return quell_fail(QUELL_BAD_ARGUMENT, "no parameter '%.40s'%s", name, nearest.hint);
}

quell_status serve_ask_take(struct serve_ask *ask, const quell_model *model, const char *name,
                            const char *value)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        const struct parameter *parameter = &parameters[i];
        if (strcmp(parameter->name, name) != 0) continue;
        if (ask->given >> i & 1 && parameter->kind != CONDITION)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s is given twice", name);
        ask->given |= UINT64_C(1) << i;
        return take(ask, model, parameter, value);
    }
    return refuse_name(name);
}

quell_status serve_ask_check(const struct serve_ask *ask, const quell_model *model)
{
    static const char *const with[] = {"guidance-low",   "guidance-high",      "guidance-rescale",
                                       "negative-class", "negative-condition", NULL};
    if (!ask->count) return quell_fail(QUELL_BAD_ARGUMENT, "count=0: must be at least 1");
    for (size_t i = 0; with[i] && !serve_ask_guided(ask); i++)
        if (given(ask, with[i]))
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: needs guidance", with[i]);
    if (ask->latent && !quell_model_decodes(model))
        return quell_fail(QUELL_BAD_ARGUMENT, "latent=yes: the model has no decoder");
    return QUELL_OK;
}
