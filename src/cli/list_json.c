/* SPDX-License-Identifier: MIT */
/* The output of `quell list --json`. JSON has no infinity, so an infinite bound or default is
 * written as the text "inf" or "-inf", as in a spec. Numbers have all their digits, so that a
 * default that is passed back is the same number. */
#include "base/spec.h"
#include "cli/catalogue.h"
#include "cli/report.h"

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

/* Writes choice n of an option. Returns false past the last one. */
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

static void put_range(struct quell_json_writer *writer, const quell_entry_option *option)
{
    if (option->choices) {
        put_choice(writer, "default", option->choices, (size_t)option->value);
        quell_json_begin(writer, "choices", '[');
        for (size_t n = 0; put_choice(writer, NULL, option->choices, n);) n++;
        quell_json_end(writer, ']');
        return;
    }
    int whole = option->type == QUELL_OPTION_WHOLE;
    put_number(writer, "default", option->value, whole);
    put_number(writer, "low", option->low, whole);
    put_number(writer, "high", option->high, whole);
}

static void put_options(struct quell_json_writer *writer, const struct section *section, size_t i)
{
    static const char *const types[] = {"number", "whole", "choice"};
    quell_entry_option option;
    quell_json_begin(writer, "options", '[');
    for (size_t k = 0; section_option(section, i, k, &option); k++) {
        quell_json_begin(writer, NULL, '{');
        quell_json_put_text(writer, "name", option.name);
        quell_json_put_text(writer, "type", types[option.type]);
        put_range(writer, &option);
        quell_json_put_text(writer, "summary", option.summary);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static void put_aliases(struct quell_json_writer *writer, const struct section *section, size_t i)
{
    quell_entry_alias alias;
    quell_json_begin(writer, "aliases", '[');
    for (size_t k = 0; section_alias(section, i, k, &alias); k++) {
        quell_json_begin(writer, NULL, '{');
        quell_json_put_text(writer, "name", alias.name);
        quell_json_put_text(writer, "spec", alias.spec);
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

static bool has_specs(const struct section *section)
{
    return section->kind == QUELL_LIST_SAMPLERS || section->kind == QUELL_LIST_SCHEDULES ||
           section->kind == QUELL_LIST_GRIDS;
}

void entry_json(struct quell_json_writer *writer, const struct section *section, size_t i)
{
    quell_entry entry;
    section_entry(section, i, &entry);
    quell_json_begin(writer, NULL, '{');
    quell_json_put_text(writer, "name", entry.name);
    quell_json_put_text(writer, "summary", entry.summary);
    if (has_specs(section)) put_aliases(writer, section, i);
    if (section->kind == QUELL_LIST_SAMPLERS) {
        put_number_or_null(writer, "order", entry.order);
        put_number_or_null(writer, "evaluations", entry.evaluations);
        quell_json_put_text(writer, "stochastic", noise_word(entry.stochastic));
    }
    if (entry.source) quell_json_put_text(writer, "source", entry.source);
    if (has_specs(section)) put_options(writer, section, i);
    if (section->kind == QUELL_LIST_ISAS)
        quell_json_put_truth(writer, "available", entry.available);
    quell_json_end(writer, '}');
}
