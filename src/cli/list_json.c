/* SPDX-License-Identifier: MIT */
/* What `quell list --json` says. JSON has no infinity: a bound or a default that is infinite is the
 * text "inf" or "-inf", as it would be given in a spec. Numbers have all their digits, so that a
 * default that is given back is the default. */
#include "cli/catalogue.h"
#include "cli/report.h"

#include <quell/isa.h>

static json_t *number(double value, int whole)
{
    if (isinf(value)) return json_string(value > 0 ? "inf" : "-inf");
    return whole ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *choices(const char *words)
{
    json_t *all = json_array();
    size_t length;
    const char *word;
    for (size_t n = 0; (word = quell_choice(words, n, &length)); n++)
        json_array_append_new(all, json_stringn(word, length));
    return all;
}

static json_t *option_json(const struct quell_option *option)
{
    size_t length;
    if (option->choices) {
        const char *word = quell_choice(option->choices, (size_t)option->value, &length);
        return json_pack("{s:s, s:s, s:s%, s:o, s:s}", "name", option->name, "type", "choice",
                         "default", word, length, "choices", choices(option->choices), "summary",
                         option->summary);
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}", "name", option->name, "type",
                     option->whole ? "whole" : "number", "default",
                     number(option->value, option->whole), "low",
                     number(option->low, option->whole), "high",
                     number(option->high, option->whole), "summary", option->summary);
}

static json_t *options_json(const struct quell_option *options)
{
    json_t *all = json_array();
    for (; options->name; options++) json_array_append_new(all, option_json(options));
    return all;
}

static json_t *aliases_json(const struct quell_alias *alias)
{
    json_t *all = json_array();
    for (; alias && alias->name; alias++)
        json_array_append_new(all,
                              json_pack("{s:s, s:s}", "name", alias->name, "spec", alias->spec));
    return all;
}

static json_t *number_or_null(int number) { return number ? json_integer(number) : json_null(); }

json_t *entry_json(const struct entry *entry)
{
    json_t *made = json_pack("{s:s, s:s}", "name", entry->name, "summary", entry->summary);
    const struct quell_method *method = entry->method;
    if (method) {
        json_object_set_new(made, "aliases", aliases_json(method->aliases));
        json_object_set_new(made, "order", number_or_null(method->order));
        json_object_set_new(made, "evaluations", number_or_null(method->evaluations));
        json_object_set_new(made, "stochastic", json_string(noise_word(method->noise)));
    }
    if (entry->paper) json_object_set_new(made, "paper", json_string(entry->paper));
    if (entry->options) json_object_set_new(made, "options", options_json(entry->options));
    if (entry->isa)
        json_object_set_new(made, "available", json_boolean(quell_isa_available(entry->name)));
    return made;
}
