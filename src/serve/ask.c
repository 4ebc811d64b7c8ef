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
    {"prior-mean", NUMBER, AT(prior_mean), -1e30, 1e30},
    {"prior-variance", NUMBER, AT(prior_variance), 0, 1e30},
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

static quell_status take_format(const char *value, enum serve_format *to)
{
    *to = serve_format_named(value);
    if (*to < SERVE_FORMATS) return QUELL_OK;
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
                              .prior_variance = 1,
                              .format = SERVE_FORMATS};
    const char *own = quell_model_schedule(model);
    strncpy(ask->schedule, *own ? own : "vp", SERVE_MOST_TEXT - 1);
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
        return serve_ask_condition(denoiser, name, value, at,
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

/* Two that contradict each other, or of which the first needs the second. */
static const struct rule {
    const char *one, *other;
    bool needs;
} rules[] = {
    {"guidance-low", "guidance", true},
    {"guidance-high", "guidance", true},
    {"guidance-rescale", "guidance", true},
    {"negative-class", "guidance", true},
    {"negative-condition", "guidance", true},
    {"threshold-max", "threshold", true},
    {"threshold", "clamp-low", false},
    {"threshold", "clamp-high", false},
    {"prior-mean", "from", false},
    {"prior-variance", "from", false},
    {"seeds", "seed", false},
    {"indices", "first", false},
    {"classes", "class", false},
};

bool serve_ask_given(const struct serve_ask *ask, const char *name)
{
    if (!strcmp(name, "from")) return ask->from;
    if (!strcmp(name, "classes")) return ask->classes;
    if (!strcmp(name, "seeds")) return ask->seeds;
    if (!strcmp(name, "indices")) return ask->indices;
    if (!strcmp(name, "negative-condition")) return ask->negative_count;
    return given(ask, name);
}

static quell_status check_rules(const struct serve_ask *ask)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        if (!serve_ask_given(ask, rule->one)) continue;
        bool other = serve_ask_given(ask, rule->other);
        if (rule->needs && !other)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: needs %s", rule->one, rule->other);
        if (!rule->needs && other)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s and %s: only one of them may be given",
                              rule->one, rule->other);
    }
    return QUELL_OK;
}

quell_status serve_ask_check(struct serve_ask *ask, const quell_model *model)
{
    if (ask->rows && !given(ask, "count")) ask->count = ask->rows;
    if (!ask->count) return quell_fail(QUELL_BAD_ARGUMENT, "count=0: must be at least 1");
    if (ask->rows && ask->count != ask->rows)
        return quell_fail(QUELL_BAD_ARGUMENT, "count is %llu, and %s has %zu row%s",
                          (unsigned long long)ask->count, ask->rows_of, ask->rows,
                          ask->rows == 1 ? "" : "s");
    quell_status status = check_rules(ask);
    if (!status && ask->latent && !quell_model_decodes(model))
        status = quell_fail(QUELL_BAD_ARGUMENT, "latent=yes: the model has no decoder");
    return status;
}
