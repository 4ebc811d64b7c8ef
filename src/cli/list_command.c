/* SPDX-License-Identifier: MIT */
/* quell list: prints what can be asked for by name. */
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

static void print_text(const struct section *chosen)
{
    const struct section *section;
    for (size_t s = 0; !chosen && (section = section_at(s)); s++) {
        printf("%s%s\n", s ? "\n" : "", section->name);
        section_print(section, 2);
    }
    if (chosen) section_print(chosen, 0);
}

static void put_section(struct quell_json_writer *writer, const struct section *section)
{
    quell_entry entry;
    quell_json_begin(writer, section->name, '[');
    for (size_t i = 0; section_entry(section, i, &entry); i++) entry_json(writer, section, i);
    quell_json_end(writer, ']');
}

static int print_json(const struct section *chosen)
{
    struct quell_json_writer writer = report_begin_exact();
    const struct section *section;
    for (size_t s = 0; (section = section_at(s)); s++)
        if (!chosen || chosen == section) put_section(&writer, section);
    return report_end(&writer);
}

static int print_entry(const struct section *section, size_t i)
{
    struct quell_json_writer writer = report_begin_exact();
    quell_json_begin(&writer, section->name, '[');
    entry_json(&writer, section, i);
    quell_json_end(&writer, ']');
    return report_end(&writer);
}

static int refuse_section(const char *name)
{
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    for (size_t i = 0; section_at(i); i++) quell_nearest_try(&nearest, section_at(i)->name);
    return complain(EXIT_USAGE, "list '%s': must be samplers, schedules, grids, models or isas%s",
                    name, nearest.hint);
}

static int print_one(const struct section *section, const char *name, int json)
{
    size_t i;
    if (quell_list_find(section->kind, name, &i))
        return complain(EXIT_USAGE, "list: %s; see `quell list %s`", quell_error_message(),
                        section->name);
    if (json) return print_entry(section, i);
    entry_print(section, i, name);
    return EXIT_DONE;
}

struct list_options {
    int json;
};

static const struct option_row rows[] = {
    GROUP_ROW("Options"),
    FLAG_ROW(list_options, json, "json", "Print one JSON object."),
    {0},
};

static const struct option_table table = {
    .usage = "quell list [samplers|schedules|grids|models|isas [NAME]] [--json]",
    .about = "Lists what can be asked for by name, one line each. With NAME, prints all that is\n"
             "known of that one. Samplers, schedules and grids can have options: they are asked\n"
             "for as NAME:KEY=VALUE,KEY=VALUE.",
    .examples = "Examples:\n"
                "  quell list samplers\n"
                "  quell list samplers ddim",
    .options = rows,
    .after =
        "A sampler's line has its order of convergence (in law, if it draws noise), how often\n"
        "a step evaluates the denoiser, and whether it draws noise on the way: no, yes, or\n"
        "optional, if its options say so. These hold for its default options; - or null means\n"
        "that there is no such number.\n\n"
        "In JSON, an option has a type (\"number\", \"whole\" or \"choice\") and a default, and\n"
        "either its bounds, low and high, or its choices. An infinite bound or default is the\n"
        "text \"inf\" or \"-inf\". An alias has the text it stands for.",
    .words = 2,
};

int command_list(int argc, char **argv)
{
    struct list_options options = {0};
    const char *words[2] = {NULL, NULL};
    const struct section *section = NULL;
    int code;
    if (!options_read(&table, argc, argv, &options, words, &code)) return code;
    if (words[0] && !(section = section_named(words[0]))) return refuse_section(words[0]);
    if (words[1]) return print_one(section, words[1], options.json);
    if (options.json) return print_json(section);
    print_text(section);
    return EXIT_DONE;
}
