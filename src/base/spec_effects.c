/* SPDX-License-Identifier: MIT */
/* Options that have an effect only with others (quell_option.needs). */
#include "fail.h"
#include "number.h"
#include "spec.h"

#include <stdbool.h>
#include <string.h>

static size_t find(const struct quell_option *options, const char *name, size_t length)
{
    size_t i = 0;
    while (options[i].name &&
           !(strlen(options[i].name) == length && !memcmp(options[i].name, name, length)))
        i++;
    return i;
}

/* Whether an option has the value that a word of its choices, or a number, says. */
static bool is(const struct quell_option *option, double value, const char *text, size_t length)
{
    size_t size;
    double number;
    if (!option->choices) return !quell_parse_double(text, length, &number) && value == number;
    const char *word = quell_choice(option->choices, (size_t)value, &size);
    return word && size == length && !memcmp(word, text, length);
}

/* One need of `length` characters: "eta", or "form=rf|ve". */
static bool met(const char *need, size_t length, const struct quell_option *options,
                const double *values)
{
    size_t name = strcspn(need, "=,"), i = find(options, need, name);
    if (name >= length) return values[i] != 0;
    for (size_t at = name + 1, size; at < length; at += size + 1) {
        size = strcspn(need + at, "|,");
        if (is(&options[i], values[i], need + at, size)) return true;
    }
    return false;
}

static quell_status refuse(const char *what, const char *spec, const char *option, const char *need,
                           size_t length)
{
    bool not_zero = !memchr(need, '=', length);
    return quell_fail(QUELL_BAD_ARGUMENT, "%s '%s': '%s' has no effect but with %s%.*s%s", what,
                      spec, option, not_zero ? "'" : "", (int)length, need,
                      not_zero ? "', which is 0" : "");
}

/* The first need of an option that is not met, its length in *length; NULL if all are. */
static const char *unmet(const struct quell_option *option, const struct quell_option *options,
                         const double *values, size_t *length)
{
    const char *need = option->needs;
    for (; need && *need; need += *length + (need[*length] == ',')) {
        *length = strcspn(need, ",");
        if (!met(need, *length, options, values)) return need;
    }
    return NULL;
}

quell_status quell_spec_effects(const char *what, const char *spec,
                                const struct quell_option *options, const double *usual,
                                const double *values)
{
    for (size_t i = 0; options[i].name; i++) {
        size_t length;
        const char *need = unmet(&options[i], options, values, &length);
        if (need && values[i] != usual[i]) return refuse(what, spec, options[i].name, need, length);
    }
    return QUELL_OK;
}
