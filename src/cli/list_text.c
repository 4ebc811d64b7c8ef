/* SPDX-License-Identifier: MIT */
/* The output of `quell list` as text. A sampler without a fixed order or number of evaluations has
 * 0 there, which is printed as a dash. */
#include "base/number.h"
#include "base/spec.h"
#include "cli/catalogue.h"

#include <quell/isa.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 20

/* Prints a number of a sampler in a column, or a dash for 0. */
static void print_number(int width, int number)
{
    if (number)
        printf("%*d", width, number);
    else
        printf("%*s", width, "-");
}

static void print_sampler(const struct section *section, size_t i, const quell_entry *entry,
                          int indent)
{
    quell_entry_alias alias;
    printf("%*s%-*s ", indent, "", NAME_WIDTH, entry->name);
    print_number(5, entry->order);
    print_number(13, entry->evaluations);
    printf("  %-10s  %s\n", noise_word(entry->stochastic), entry->summary);
    for (size_t k = 0; section_alias(section, i, k, &alias); k++)
        printf("%*s  %-*s %33s= %s\n", indent, "", NAME_WIDTH - 2, alias.name, "", alias.spec);
}

static const char *summary_of(const struct section *section, const quell_entry *entry)
{
    const char *chosen;
    if (section->kind != QUELL_LIST_ISAS || !entry->available || quell_isa_default(&chosen) ||
        strcmp(entry->name, chosen))
        return entry->summary;
    return "available, the default";
}

void section_print(const struct section *section, int indent)
{
    quell_entry entry;
    bool samplers = section->kind == QUELL_LIST_SAMPLERS;
    if (samplers)
        printf("%*s%-*s order  evaluations  stochastic  summary\n", indent, "", NAME_WIDTH, "name");
    for (size_t i = 0; section_entry(section, i, &entry); i++) {
        if (samplers)
            print_sampler(section, i, &entry, indent);
        else
            printf("%*s%-*s %s\n", indent, "", NAME_WIDTH, entry.name, summary_of(section, &entry));
    }
}

static void print_orders(const quell_entry *entry)
{
    fputs("order        ", stdout);
    print_number(0, entry->order);
    fputs("\nevaluations  ", stdout);
    print_number(0, entry->evaluations);
    printf(" a step\nstochastic   %s\n", noise_word(entry->stochastic));
}

static void print_aliases(const struct section *section, size_t i)
{
    quell_entry_alias alias;
    for (size_t k = 0; section_alias(section, i, k, &alias); k++)
        printf("%s  %s = %s\n", k ? "           " : "aliases    ", alias.name, alias.spec);
}

static void print_option(const quell_entry_option *option)
{
    char given[64], range[160];
    size_t length;
    if (option->choices) {
        const char *word = quell_choice(option->choices, (size_t)option->value, &length);
        snprintf(given, sizeof given, "%s=%.*s", option->name, (int)length, word);
        snprintf(range, sizeof range, "%s", option->choices);
    } else {
        char value[QUELL_NUMBER_TEXT], low[QUELL_NUMBER_TEXT], high[QUELL_NUMBER_TEXT];
        snprintf(given, sizeof given, "%s=%s", option->name,
                 quell_number_text(option->value, value));
        snprintf(range, sizeof range, "%s to %s%s", quell_number_text(option->low, low),
                 quell_number_text(option->high, high),
                 option->type == QUELL_OPTION_WHOLE ? ", whole" : "");
    }
    printf("  %-22s %-20s %s\n", given, range, option->summary);
}

/* If the name that was asked for is an alias, prints what it stands for. */
static void print_asked(const struct section *section, size_t i, const char *asked)
{
    quell_entry_alias alias;
    for (size_t k = 0; section_alias(section, i, k, &alias); k++)
        if (!strcmp(alias.name, asked)) printf("%s = %s\n\n", alias.name, alias.spec);
}

void entry_print(const struct section *section, size_t i, const char *asked)
{
    quell_entry entry;
    quell_entry_option option;
    section_entry(section, i, &entry);
    print_asked(section, i, asked);
    printf("%-12s %s\n", entry.name, summary_of(section, &entry));
    if (entry.source) printf("source       %s\n", entry.source);
    if (section->kind == QUELL_LIST_SAMPLERS) print_orders(&entry);
    print_aliases(section, i);
    if (entry.options) puts("options, with their defaults");
    for (size_t k = 0; section_option(section, i, k, &option); k++) print_option(&option);
}
