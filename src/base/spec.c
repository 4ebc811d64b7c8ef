/* SPDX-License-Identifier: MIT */
#include "spec.h"
#include "fail.h"
#include "nearest.h"
#include "number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t quell_spec_name(const char *spec) { return strcspn(spec, ":"); }

int quell_spec_is(const char *spec, const char *name)
{
    size_t length = quell_spec_name(spec);
    return name && strlen(name) == length && !memcmp(name, spec, length);
}

const char *quell_spec_hint(const char *what, const char *spec, const struct quell_nearest *nearest,
                            char text[QUELL_SPEC_HINT])
{
    size_t name = strcspn(spec, ",:=");
    if (!name || spec[name] != ',' || spec[strcspn(spec + name, ":=") + name] != '=')
        return *quell_spec_elsewhere(what, spec, text) ? text : nearest->hint;
    const char *options = spec + name + 1;
    options += strspn(options, " ");
    snprintf(text, QUELL_SPEC_HINT, "; options come after a colon: '%.*s:%.80s'",
             name < 60 ? (int)name : 60, spec, options);
    return text;
}

static const struct quell_option *find(const struct quell_option *options, const char *key,
                                       size_t length)
{
    for (; options->name; options++)
        if (strlen(options->name) == length && !memcmp(options->name, key, length)) return options;
    return NULL;
}

const char *quell_choice(const char *choices, size_t n, size_t *length)
{
    for (; n && *choices; n--) {
        choices += strcspn(choices, "|");
        if (*choices) choices++;
    }
    *length = strcspn(choices, "|");
    return *length ? choices : NULL;
}

/* Fails with a message that lists the words of an option, and suggests the nearest to the given
 * text. */
static quell_status refuse_choice(const char *what, const char *spec, const char *text,
                                  size_t length, const struct quell_option *option)
{
    const char *word;
    size_t size;
    if (!strcmp(option->choices, QUELL_NO_YES))
        return quell_fail(QUELL_BAD_ARGUMENT, "%s '%s': option '%s' must be yes or no", what, spec,
                          option->name);
    struct quell_nearest nearest = quell_nearest_to(text, length);
    for (size_t n = 0; (word = quell_choice(option->choices, n, &size)); n++)
        quell_nearest_try_part(&nearest, word, size);
    return quell_fail(QUELL_BAD_ARGUMENT, "%s '%s': option '%s' must be one of %s%s", what, spec,
                      option->name, option->choices, nearest.hint);
}

static quell_status read_choice(const char *what, const char *spec, const char *text, size_t length,
                                const struct quell_option *option, double *value)
{
    const char *word;
    size_t size;
    for (size_t n = 0; (word = quell_choice(option->choices, n, &size)); n++) {
        if (size != length || memcmp(word, text, length)) continue;
        *value = (double)n;
        return QUELL_OK;
    }
    return refuse_choice(what, spec, text, length, option);
}

/* The options of all structs. Those of quell_sampler_options stand beside a sampler's name. */
static const struct {
    const char *owner, *member;
} beside[] = {
#define WHOLE(owner, member, ...) {#owner, #member},
#define NUMBER WHOLE
#define FLAG WHOLE
#define TEXT WHOLE
#define VALUES WHOLE
#define FUNCTION WHOLE
#include "options.inc"
};

/* Whether a key is a member of quell_sampler_options, which is given beside the spec and not in
 * it. */
static bool is_beside(const char *what, const char *key, size_t length)
{
    if (strcmp(what, "sampler") != 0) return false;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (!strcmp(beside[i].owner, "quell_sampler_options") &&
            strlen(beside[i].member) == length && !memcmp(beside[i].member, key, length))
            return true;
    return false;
}

/* The name nearest to a key. If the key is what other codes and papers call an option, and the
 * table has that option, this is the option; else the search begins with the key. */
static struct quell_nearest nearest_to(const char *key, size_t length,
                                       const struct quell_option *options)
{
    static const char *const others[][2] = {
        {"num_train_timesteps", "train"},       {"beta_start", "first"}, {"beta_end", "last"},
        {"rescale_betas_zero_snr", "zero_snr"}, {"eta", "gamma"},        {"c2", "r"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool is = strlen(others[i][0]) == length && !memcmp(others[i][0], key, length);
        for (const struct quell_option *at = options; is && at->name; at++)
            if (!strcmp(at->name, others[i][1]))
                return quell_nearest_to(at->name, strlen(at->name));
    }
    return quell_nearest_to(key, length);
}

static quell_status refuse_option(const char *what, const char *spec, const char *key,
                                  size_t length, const struct quell_option *options)
{
    struct quell_nearest nearest = nearest_to(key, length, options);
    if (is_beside(what, key, length))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "sampler '%s': '%.*s' is no part of a sampler's name: give it beside it, "
                          "as a member of quell_sampler_options or an option of the command",
                          spec, (int)length, key);
    for (; options->name; options++) quell_nearest_try(&nearest, options->name);
    return quell_fail(QUELL_BAD_ARGUMENT, "%s '%s': no option '%.*s'%s; see `quell list %ss %.*s`",
                      what, spec, (int)length, key, nearest.hint, what, (int)quell_spec_name(spec),
                      spec);
}

/* Fails with a message that says which numbers an option takes. */
static quell_status refuse_number(const char *what, const char *spec,
                                  const struct quell_option *option)
{
    char low[QUELL_NUMBER_TEXT], high[QUELL_NUMBER_TEXT];
    return quell_fail(QUELL_BAD_ARGUMENT, "%s '%s': option '%s' must be a %s from %s to %s", what,
                      spec, option->name, option->whole ? "whole number" : "number",
                      quell_number_text(option->low, low), quell_number_text(option->high, high));
}

/* Reads one KEY=VALUE of `length` characters. seen: a bit for each option that has occurred. */
static quell_status read_option(const char *what, const char *spec, const char *text, size_t length,
                                const struct quell_option *options, double *values, unsigned *seen)
{
    size_t key = strcspn(text, "=,"), value_at = key + (key < length);
    const struct quell_option *option = find(options, text, key);
    double value;
    if (!length)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "%s '%s': no option stands after a : or ,; leave that out", what, spec);
    if (!option) return refuse_option(what, spec, text, key, options);
    if (*seen & 1u << (option - options))
        return quell_fail(QUELL_BAD_ARGUMENT, "%s '%s': option '%s' is there twice", what, spec,
                          option->name);
    *seen |= 1u << (option - options);
    if (memchr(text, ':', length))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "%s '%s': a comma stands between two options, not a colon", what, spec);
    if (option->choices)
        return read_choice(what, spec, text + value_at, length - value_at, option,
                           &values[option - options]);
    if (key >= length || quell_parse_double(text + key + 1, length - key - 1, &value) ||
        !(value >= option->low && value <= option->high) ||
        (option->whole && value != floor(value)))
        return refuse_number(what, spec, option);
    values[option - options] = value;
    return QUELL_OK;
}

void quell_spec_defaults(const struct quell_option *options, double *values)
{
    for (size_t i = 0; options[i].name; i++) values[i] = options[i].value;
}

quell_status quell_spec_options(const char *what, const char *spec,
                                const struct quell_option *options, double *values)
{
    const char *text = spec + quell_spec_name(spec);
    unsigned seen = 0;
    while (*text) {
        text++; /* the colon or the comma */
        size_t length = strcspn(text, ",");
        quell_status status = read_option(what, spec, text, length, options, values, &seen);
        if (status) return status;
        text += length;
    }
    return QUELL_OK;
}
