/* SPDX-License-Identifier: MIT */
/* A name that is looked for in the wrong list: 'karras' as a sampler, a word of an option as a
 * grid, a class of diffusers. */
#include "base/spec.h"

#include <quell/list.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    quell_list_kind kind;
    const char *noun;
} lists[] = {{QUELL_LIST_SAMPLERS, "sampler"},
             {QUELL_LIST_SCHEDULES, "schedule"},
             {QUELL_LIST_GRIDS, "grid"}};

#define LISTS (sizeof lists / sizeof *lists)

static bool has_name(quell_list_kind kind, size_t i, const quell_entry *entry, const char *spec)
{
    quell_entry_alias alias = quell_entry_alias_init();
    if (quell_spec_is(spec, entry->name)) return true;
    for (size_t k = 0; k < entry->aliases && !quell_list_alias(kind, i, k, &alias); k++)
        if (quell_spec_is(spec, alias.name)) return true;
    return false;
}

/* Says which option has the name of a spec among its words, `discrete:spacing=trailing`. */
static bool say_word(quell_list_kind kind, size_t i, const quell_entry *entry, const char *spec,
                     char text[QUELL_SPEC_HINT])
{
    quell_entry_option option = quell_entry_option_init();
    size_t length = quell_spec_name(spec), size;
    for (size_t k = 0; k < entry->options && !quell_list_option(kind, i, k, &option); k++) {
        const char *word;
        if (!option.choices || !strcmp(option.choices, QUELL_NO_YES)) continue;
        for (size_t n = 0; (word = quell_choice(option.choices, n, &size)); n++) {
            if (size != length || memcmp(word, spec, size) != 0) continue;
            snprintf(text, QUELL_SPEC_HINT, " (did you mean '%s:%s=%.*s'?)", entry->name,
                     option.name, (int)size, word);
            return true;
        }
    }
    return false;
}

static void say_in_list(size_t list, const char *what, const char *spec, char text[QUELL_SPEC_HINT])
{
    quell_entry entry = quell_entry_init();
    for (size_t i = 0; !quell_list(lists[list].kind, i, &entry); i++) {
        if (!strcmp(what, lists[list].noun)) {
            if (say_word(lists[list].kind, i, &entry, spec, text)) return;
        } else if (has_name(lists[list].kind, i, &entry, spec)) {
            snprintf(text, QUELL_SPEC_HINT, "; '%.*s' is a %s", (int)quell_spec_name(spec), spec,
                     lists[list].noun);
            return;
        }
    }
}

/* Whether a name is that of a class of diffusers, as DDIMScheduler. */
static bool is_of_diffusers(const char *spec)
{
    static const char end[] = "Scheduler";
    size_t length = quell_spec_name(spec), size = sizeof end - 1;
    return length > size && !memcmp(spec + length - size, end, size);
}

const char *quell_spec_elsewhere(const char *what, const char *spec, char text[QUELL_SPEC_HINT])
{
    *text = '\0';
    if (is_of_diffusers(spec))
        snprintf(text, QUELL_SPEC_HINT,
                 "; it is a class of diffusers, which quell.from_diffusers of Python reads "
                 "(docs/from-diffusers.md)");
    for (size_t list = 0; list < LISTS && !*text; list++) say_in_list(list, what, spec, text);
    return text;
}
