/* SPDX-License-Identifier: MIT */
/* What `quell list --json` says. JSON has no infinity: a bound or a default that is infinite is the
 * text "inf" or "-inf", as it would be given in a spec. Numbers have all their digits, so that a
 * default that is given back is the default. */
#include "cli/catalogue.h"
#include "cli/report.h"

#include <quell/isa.h>
#include <math.h>
#include <stdio.h>

static void put_number(struct quell_json_writer *writer, const char *name, double value, int whole)
{
    if (isinf(value))
        quell_json_put_text(writer, name, value > 0 ? "inf" : "-inf");
    else if (whole)
        quell_json_put_whole(writer, name, (int64_t)value);
    else
        quell_json_put_number(writer, name, value);
}

/* The n-th of an option's choices; false past the end. */
static bool put_choice(struct quell_json_writer *writer, const char *name, const char *choices,
                       size_t n)
{
    char text[64];
    size_t length;
    const char *word = quell_choice(choices, n, &length);
    if (!word) return false;
    snprintf(text, sizeof text, "%.*s", (int)length, word);
    quell_json_put_text(writer, name, text);
    return true;
}

static void put_range(struct quell_json_writer *writer, const struct quell_option *option)
{
    if (option->choices) {
        put_choice(writer, "default", option->choices, (size_t)option->value);
        quell_json_begin(writer, "choices", '[');
        for (size_t n = 0; put_choice(writer, NULL, option->choices, n);) n++;
        quell_json_end(writer, ']');
        return;
    }
    put_number(writer, "default", option->value, option->whole);
    put_number(writer, "low", option->low, option->whole);
    put_number(writer, "high", option->high, option->whole);
}

static void put_options(struct quell_json_writer *writer, const struct quell_option *option)
{
    if (!option) return;
    quell_json_begin(writer, "options", '[');
    for (; option->name; option++) {
        const char *number = option->whole ? "whole" : "number";
        quell_json_begin(writer, NULL, '{');
        quell_json_put_text(writer, "name", option->name);
        quell_json_put_text(writer, "type", option->choices ? "choice" : number);
        put_range(writer, option);
        quell_json_put_text(writer, "summary", option->summary);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static void put_aliases(struct quell_json_writer *writer, const struct quell_alias *alias)
{
    quell_json_begin(writer, "aliases", '[');
    for (; alias && alias->name; alias++) {
        quell_json_begin(writer, NULL, '{');
        quell_json_put_text(writer, "name", alias->name);
        quell_json_put_text(writer, "spec", alias->spec);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static void put_number_or_null(struct quell_json_writer *writer, const char *name, int number)
{
    if (number)
        quell_json_put_whole(writer, name, number);
    else
        quell_json_put_null(writer, name);
}

void entry_json(struct quell_json_writer *writer, const struct entry *entry)
{
    const struct quell_method *method = entry->method;
    quell_json_begin(writer, NULL, '{');
    quell_json_put_text(writer, "name", entry->name);
    if (entry->also) quell_json_put_text(writer, "also", entry->also);
    quell_json_put_text(writer, "summary", entry->summary);
    if (method) {
        put_aliases(writer, method->aliases);
        put_number_or_null(writer, "order", method->order);
        put_number_or_null(writer, "evaluations", method->evaluations);
        quell_json_put_text(writer, "stochastic", noise_word(method->noise));
    }
    if (entry->paper) quell_json_put_text(writer, "paper", entry->paper);
    put_options(writer, entry->options);
    if (entry->isa) quell_json_put_truth(writer, "available", quell_isa_available(entry->name));
    quell_json_end(writer, '}');
}
