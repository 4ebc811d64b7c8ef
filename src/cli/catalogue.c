/* SPDX-License-Identifier: MIT */
#include "cli/catalogue.h"

#include <string.h>

static const struct section sections[] = {
    {"samplers", QUELL_LIST_SAMPLERS}, {"schedules", QUELL_LIST_SCHEDULES},
    {"grids", QUELL_LIST_GRIDS},       {"models", QUELL_LIST_MODELS},
    {"isas", QUELL_LIST_ISAS},
};

#define SECTIONS (sizeof sections / sizeof *sections)

const struct section *section_at(size_t i) { return i < SECTIONS ? &sections[i] : NULL; }

const struct section *section_named(const char *name)
{
    for (size_t i = 0; i < SECTIONS; i++)
        if (!strcmp(sections[i].name, name)) return &sections[i];
    return NULL;
}

bool section_entry(const struct section *section, size_t i, quell_entry *entry)
{
    *entry = quell_entry_init();
    return quell_list(section->kind, i, entry) == QUELL_OK;
}

bool section_alias(const struct section *section, size_t i, size_t k, quell_entry_alias *alias)
{
    *alias = quell_entry_alias_init();
    return quell_list_alias(section->kind, i, k, alias) == QUELL_OK;
}

bool section_option(const struct section *section, size_t i, size_t k, quell_entry_option *option)
{
    *option = quell_entry_option_init();
    return quell_list_option(section->kind, i, k, option) == QUELL_OK;
}

const char *noise_word(int stochastic)
{
    static const char *const words[] = {"no", "optional", "yes"};
    return words[stochastic];
}
