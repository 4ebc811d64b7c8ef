/* SPDX-License-Identifier: MIT */
#include "cli/catalogue.h"
#include "core/schedule.h"
#include "grids/grid.h"

#include <quell/quell.h>
#include <stdio.h>
#include <string.h>

static bool sampler(size_t i, struct entry *entry)
{
    const struct quell_method *method = quell_method_at(i);
    if (!method) return false;
    entry->name = method->name;
    entry->summary = method->summary;
    entry->paper = method->paper;
    entry->options = method->options;
    entry->method = method;
    return true;
}

static bool schedule(size_t i, struct entry *entry)
{
    const struct quell_schedule_row *row = quell_schedule_row(i);
    if (!row) return false;
    entry->name = row->name;
    entry->also = row->alias;
    entry->summary = row->summary;
    entry->options = row->options;
    return true;
}

static bool grid(size_t i, struct entry *entry)
{
    const struct quell_grid_row *row = quell_grid_row(i);
    if (!row) return false;
    entry->name = row->name;
    entry->also = row->alias;
    entry->summary = row->summary;
    entry->paper = row->paper;
    entry->options = row->options;
    return true;
}

static bool model(size_t i, struct entry *entry)
{
    if (!quell_builtin_name(i)) return false;
    snprintf(entry->text, sizeof entry->text, "builtin:%s", quell_builtin_name(i));
    entry->name = entry->text;
    entry->summary = quell_builtin_summary(i);
    return true;
}

static bool isa(size_t i, struct entry *entry)
{
    const char *chosen;
    entry->isa = true;
    entry->name = quell_isa_name(i);
    if (!entry->name) return false;
    if (!quell_isa_available(entry->name))
        entry->summary = "not on this machine";
    else if (!quell_isa_default(&chosen) && !strcmp(entry->name, chosen))
        entry->summary = "available, the default";
    else
        entry->summary = "available";
    return true;
}

static const struct section sections[] = {
    {"samplers", sampler}, {"schedules", schedule}, {"grids", grid},
    {"models", model},     {"isas", isa},
};

#define SECTIONS (sizeof sections / sizeof *sections)

const struct section *section_at(size_t i) { return i < SECTIONS ? &sections[i] : NULL; }

const struct section *section_named(const char *name)
{
    for (size_t i = 0; i < SECTIONS; i++)
        if (!strcmp(sections[i].name, name)) return &sections[i];
    return NULL;
}

static const struct quell_alias *find_alias(const struct quell_method *method, const char *name)
{
    const struct quell_alias *alias = method ? method->aliases : NULL;
    for (; alias && alias->name; alias++)
        if (!strcmp(alias->name, name)) return alias;
    return NULL;
}

bool section_find(const struct section *section, const char *name, struct entry *entry,
                  const struct quell_alias **alias)
{
    for (size_t i = 0; *entry = (struct entry){0}, section->entry(i, entry); i++) {
        *alias = find_alias(entry->method, name);
        if (*alias || !strcmp(entry->name, name)) return true;
        if (entry->also && !strcmp(entry->also, name)) return true;
    }
    return false;
}

const char *noise_word(enum quell_noisiness noise)
{
    switch (noise) {
    case QUELL_DETERMINISTIC:
        return "no";
    case QUELL_OPTIONALLY_STOCHASTIC:
        return "optional";
    case QUELL_STOCHASTIC:
        break;
    }
    return "yes";
}
