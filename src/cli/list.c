/* SPDX-License-Identifier: MIT */
/* quell list: what may be asked for by name. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report.h"

#include <quell/quell.h>
#include <string.h>

static const char *isa_summary(size_t i)
{
    const char *name = quell_isa_name(i), *chosen;
    if (!name) return NULL;
    if (!quell_isa_available(name)) return "not on this machine";
    if (!quell_isa_default(&chosen) && !strcmp(name, chosen)) return "available, the default";
    return "available";
}

static const char *model_name(size_t i)
{
    static char name[64];
    if (!quell_builtin_name(i)) return NULL;
    snprintf(name, sizeof name, "builtin:%s", quell_builtin_name(i));
    return name;
}

static const struct section {
    const char *name;
    const char *(*entry)(size_t i);
    const char *(*summary)(size_t i);
} sections[] = {
    {"samplers", quell_sampler_name, quell_sampler_summary},
    {"schedules", quell_schedule_name, quell_schedule_summary},
    {"grids", quell_grid_name, quell_grid_summary},
    {"models", model_name, quell_builtin_summary},
    {"isas", quell_isa_name, isa_summary},
};

#define SECTIONS (sizeof sections / sizeof *sections)

static bool chosen(const struct section *section, const char *word)
{
    return !word || !strcmp(section->name, word);
}

static void print_text(const char *word)
{
    bool first = true;
    for (size_t s = 0; s < SECTIONS; s++) {
        if (!chosen(&sections[s], word)) continue;
        if (!word) printf("%s%s\n", first ? "" : "\n", sections[s].name);
        first = false;
        for (size_t i = 0; sections[s].entry(i); i++)
            printf("%s%-20s %s\n", word ? "" : "  ", sections[s].entry(i), sections[s].summary(i));
    }
}

static json_t *entries(const struct section *section)
{
    json_t *all = json_array();
    for (size_t i = 0; section->entry(i); i++) {
        json_t *entry =
            json_pack("{s:s, s:s}", "name", section->entry(i), "summary", section->summary(i));
        if (section->entry == quell_isa_name)
            json_object_set_new(entry, "available",
                                json_boolean(quell_isa_available(quell_isa_name(i))));
        json_array_append_new(all, entry);
    }
    return all;
}

static int print_json(const char *word)
{
    json_t *root = json_object();
    for (size_t s = 0; s < SECTIONS; s++)
        if (chosen(&sections[s], word))
            json_object_set_new(root, sections[s].name, entries(&sections[s]));
    return report_print(root);
}

struct list_options {
    int json;
};

static const struct option_row rows[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct list_options, json),
     .help = "one JSON object on stdout"},
    {0},
};

static const struct option_table table = {
    .usage = "quell list [samplers|schedules|grids|models|isas] [--json]",
    .about = "Lists what may be asked for by name, with one line on each.",
    .options = rows,
    .after = "",
    .words = 1,
};

int command_list(int argc, char **argv)
{
    struct list_options options = {0};
    const char *word = NULL;
    int code, known = 0;
    if (!options_read(&table, argc, argv, &options, &word, &code)) return code;
    for (size_t s = 0; s < SECTIONS; s++) known += chosen(&sections[s], word);
    if (!known)
        return complain(EXIT_USAGE, "list '%s': must be samplers, schedules, grids, models or isas",
                        word);
    if (options.json) return print_json(word);
    print_text(word);
    return EXIT_DONE;
}
