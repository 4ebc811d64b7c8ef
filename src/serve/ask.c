/* SPDX-License-Identifier: MIT */
#include "serve/ask.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Parameters ---- */

struct parameter {
    struct serve_parameter shown;
    size_t offset; /* of the member in struct serve_ask */
};

#define AT(member) offsetof(struct serve_ask, member)
#define NONE 0, 0

static const struct parameter parameters[] = {
    {{"seed", SERVE_WHOLE, "The seed of the random numbers (default 0).", NONE}, AT(seed)},
    {{"first", SERVE_WHOLE,
      "The index of the first sample (default 0): samples 0 to 49 and 50 to 99, drawn apart, are "
      "the samples 0 to 99.",
      NONE},
     AT(first)},
    {{"count", SERVE_WHOLE, "How many samples (default 1).", NONE}, AT(count)},
    {{"class", SERVE_CLASS,
      "The class of all samples, or each: sample i is of class i modulo their number (default: no "
      "class).",
      NONE},
     AT(class)},
    {{"negative-class", SERVE_CLASS,
      "The class that guidance leads away from in place of no class.", NONE},
     AT(negative_class)},
    {{"condition", SERVE_CONDITION,
      "A condition of the model, NAME=NUMBER[,NUMBER...] or NAME=none, once for each.", NONE},
     AT(conditions)},
    {{"negative-condition", SERVE_CONDITION, "A condition that guidance leads away from.", NONE},
     AT(negative)},
    {{"guidance", SERVE_NUMBER, "The weight of classifier-free guidance (default 1: none).",
      -INFINITY, INFINITY},
     AT(guidance)},
    {{"guidance-low", SERVE_NUMBER, "Guide only at times from here on (default 0).", 0, 1},
     AT(guidance_low)},
    {{"guidance-high", SERVE_NUMBER, "Guide only at times up to here (default 1).", 0, 1},
     AT(guidance_high)},
    {{"guidance-rescale", SERVE_NUMBER,
      "How far the deviation of the output without guidance is kept (default 0).", 0, 1},
     AT(guidance_rescale)},
    {{"sampler", SERVE_TEXT, "The sampler, NAME[:KEY=VALUE,...] (default ddim).", NONE},
     AT(sampler)},
    {{"steps", SERVE_STEPS, "The number of steps from noise to samples (default 64).", 1, 1000000},
     AT(options.steps)},
    {{"schedule", SERVE_TEXT,
      "The noise schedule, NAME[:KEY=VALUE,...] (default the model's own, else vp).", NONE},
     AT(schedule)},
    {{"grid", SERVE_TEXT,
      "How the steps are placed in time, NAME[:KEY=VALUE,...] (default linear).", NONE},
     AT(grid)},
    {{"start", SERVE_NUMBER, "The first time, at the noise (default 1).", 0, 1}, AT(options.start)},
    {{"stop", SERVE_NUMBER, "The last time, at the samples (default 0).", 0, 1}, AT(options.stop)},
    {{"prior-mean", SERVE_NUMBER,
      "The mean of an element of the data, for a start below 1 (default 0).", -1e30, 1e30},
     AT(prior_mean)},
    {{"prior-variance", SERVE_NUMBER,
      "The variance of an element of the data, for a start below 1 (default 1).", 0, 1e30},
     AT(prior_variance)},
    {{"brownian", SERVE_BROWNIAN,
      "Draw the noise of each sample from one Brownian path: yes or no.", NONE},
     AT(options.brownian)},
    {{"clamp-low", SERVE_NUMBER, "Clamp the denoiser's output from below.", -INFINITY, INFINITY},
     AT(options.clamp_low)},
    {{"clamp-high", SERVE_NUMBER, "Clamp the denoiser's output from above.", -INFINITY, INFINITY},
     AT(options.clamp_high)},
    {{"threshold", SERVE_NUMBER,
      "Dynamic thresholding by this quantile of the denoiser's output (default 0: do not).", 0, 1},
     AT(options.threshold)},
    {{"threshold-max", SERVE_NUMBER, "The upper bound on the threshold.", 1, INFINITY},
     AT(options.threshold_max)},
    {{"latent", SERVE_FLAG,
      "The samples themselves, latents, and not what the model's decoder makes of them: yes or no.",
      NONE},
     AT(latent)},
    {{"format", SERVE_FORMAT, "The form of the answer, in place of the Accept header.", NONE},
     AT(format)},
};

#define PARAMETERS (sizeof parameters / sizeof *parameters)

const struct serve_parameter *serve_ask_parameter(size_t i)
{
    return i < PARAMETERS ? &parameters[i].shown : NULL;
}

static bool given(const struct serve_ask *ask, const char *name)
{
    size_t i = 0;
    while (i < PARAMETERS && strcmp(parameters[i].shown.name, name) != 0) i++;
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
    return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a whole number from 0 to %llu", name,
                      value, (unsigned long long)UINT64_MAX);
}

quell_status serve_ask_refuse_count(const struct serve_ask *ask, const char *value,
                                    const char *after)
{
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "count=%.40s: must be a whole number from 1 to %llu (in one request)%s",
                      value, (unsigned long long)ask->most, after);
}

/* A count above `most` is refused later, with another HTTP status. */
static quell_status take_count(struct serve_ask *ask, const char *value)
{
    return read_whole(value, &ask->count) && ask->count ? QUELL_OK
                                                        : serve_ask_refuse_count(ask, value, "");
}

static quell_status take_number(const struct parameter *parameter, const char *value, double *to)
{
    double number;
    if (!quell_parse_double(value, strlen(value), &number) && number >= parameter->shown.least &&
        number <= parameter->shown.most) {
        *to = number;
        return QUELL_OK;
    }
    if (isinf(parameter->shown.least))
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a number", parameter->shown.name,
                          value);
    return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a number from %g to %g",
                      parameter->shown.name, value, parameter->shown.least, parameter->shown.most);
}

static quell_status take_text(const char *name, const char *value, char *to)
{
    if (strlen(value) >= SERVE_MOST_TEXT)
        return quell_fail(QUELL_BAD_ARGUMENT, "%s=%.40s: must be a text of at most %d bytes", name,
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
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: the model has no classes; leave it out", name);
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

/* ---- All parameters ---- */

void serve_ask_begin(struct serve_ask *ask, const quell_model *model, uint64_t most)
{
    *ask = (struct serve_ask){.count = 1,
                              .most = most,
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
    const char *name = parameter->shown.name;
    void *at = (char *)ask + parameter->offset;
    bool flag = false;
    quell_status status = QUELL_OK;
    switch (parameter->shown.kind) {
    case SERVE_WHOLE:
        return at == (void *)&ask->count ? take_count(ask, value) : take_whole(name, value, at);
    case SERVE_NUMBER:
        return take_number(parameter, value, at);
    case SERVE_TEXT:
        return take_text(name, value, at);
    case SERVE_FLAG:
        return take_flag(name, value, at);
    case SERVE_FORMAT:
        return take_format(value, at);
    case SERVE_CLASS:
        return take_class(ask, quell_denoiser_classes(denoiser), name, value, at);
    case SERVE_BROWNIAN:
        status = take_flag(name, value, &flag);
        ask->options.brownian = flag;
        return status;
    case SERVE_STEPS:
        break;
    case SERVE_CONDITION:
        return serve_ask_condition(denoiser, name, value, at,
                                   at == (void *)ask->conditions ? &ask->condition_count
                                                                 : &ask->negative_count);
    }
    uint64_t steps;
    if (!read_whole(value, &steps) || steps < 1 || steps > 1000000)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "steps=%.40s: must be a whole number from 1 to 1000000", value);
    ask->options.steps = steps;
    return QUELL_OK;
}

/* Whether the command takes the parameter as a text, and refuses an empty one before it parses
 * it. */
static bool is_text(const struct parameter *parameter)
{
    enum serve_kind kind = parameter->shown.kind;
    return kind == SERVE_TEXT || kind == SERVE_CLASS || kind == SERVE_CONDITION ||
           !strcmp(parameter->shown.name, "guidance");
}

quell_status serve_ask_take(struct serve_ask *ask, const quell_model *model, const char *name,
                            const char *value)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        const struct parameter *parameter = &parameters[i];
        if (strcmp(parameter->shown.name, name) != 0) continue;
        if (ask->given >> i & 1 && parameter->shown.kind != SERVE_CONDITION)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s is given twice", name);
        if (!*value && is_text(parameter))
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: its value is empty", name);
        ask->given |= UINT64_C(1) << i;
        return take(ask, model, parameter, value);
    }
    return serve_ask_known(model, name);
}

bool serve_ask_given(const struct serve_ask *ask, const char *name)
{
    if (!strcmp(name, "from")) return ask->from;
    if (!strcmp(name, "classes")) return ask->classes;
    if (!strcmp(name, "seeds")) return ask->seeds;
    if (!strcmp(name, "indices")) return ask->indices;
    if (!strcmp(name, "negative-condition")) return ask->negative_count;
    return given(ask, name);
}
