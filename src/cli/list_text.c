/* SPDX-License-Identifier: MIT */
/* What `quell list` says to a reader. Where a sampler's order or evaluations are 0 there is no such
 * number: a dash. */
#include "cli/catalogue.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 20

/* A number of a sampler in a column; 0 is none. */
static void print_number(int width, int number)
{
    if (number)
        printf("%*d", width, number);
    else
        printf("%*s", width, "-");
}

static void print_sampler(const struct quell_method *method, int indent)
{
    printf("%*s%-*s ", indent, "", NAME_WIDTH, method->name);
    print_number(5, method->order);
    print_number(13, method->evaluations);
    printf("  %-10s  %s\n", noise_word(method->noise), method->summary);
    for (const struct quell_alias *alias = method->aliases; alias && alias->name; alias++)
        printf("%*s  %-*s %33s= %s\n", indent, "", NAME_WIDTH - 2, alias->name, "", alias->spec);
}

void section_print(const struct section *section, int indent)
{
    struct entry entry = {0};
    if (section->entry(0, &entry) && entry.method)
        printf("%*s%-*s order  evaluations  stochastic  summary\n", indent, "", NAME_WIDTH, "name");
    for (size_t i = 0; entry = (struct entry){0}, section->entry(i, &entry); i++) {
        if (entry.method)
            print_sampler(entry.method, indent);
        else
            printf("%*s%-*s %s\n", indent, "", NAME_WIDTH, entry.name, entry.summary);
    }
}

static void print_method(const struct quell_method *method)
{
    fputs("order        ", stdout);
    print_number(0, method->order);
    fputs("\nevaluations  ", stdout);
    print_number(0, method->evaluations);
    printf(" a step\nstochastic   %s\n", noise_word(method->noise));
    for (const struct quell_alias *alias = method->aliases; alias && alias->name; alias++)
        printf("%s  %s = %s\n", alias == method->aliases ? "aliases    " : "           ",
               alias->name, alias->spec);
}

static void print_option(const struct quell_option *option)
{
    char given[64], range[160];
    size_t length;
    if (option->choices) {
        const char *word = quell_choice(option->choices, (size_t)option->value, &length);
        snprintf(given, sizeof given, "%s=%.*s", option->name, (int)length, word);
        snprintf(range, sizeof range, "%s", option->choices);
    } else {
        snprintf(given, sizeof given, "%s=%g", option->name, option->value);
        snprintf(range, sizeof range, "%g to %g%s", option->low, option->high,
                 option->whole ? ", whole" : "");
    }
    printf("  %-22s %-20s %s\n", given, range, option->summary);
}

void entry_print(const struct entry *entry, const struct quell_alias *alias)
{
    if (alias) printf("%s = %s\n\n", alias->name, alias->spec);
    printf("%-12s %s\n", entry->name, entry->summary);
    if (entry->also) printf("also         %s\n", entry->also);
    if (entry->paper)
        printf("paper        %s%s\n", strchr("012", entry->paper[0]) ? "arXiv:" : "", entry->paper);
    if (entry->method) print_method(entry->method);
    if (!entry->options || !entry->options->name) return;
    puts("options, with their defaults");
    for (const struct quell_option *option = entry->options; option->name; option++)
        print_option(option);
}
