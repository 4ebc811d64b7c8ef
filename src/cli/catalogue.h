/* SPDX-License-Identifier: MIT */
/* The sections of `quell list`, and how an entry is printed, as text and as JSON. */
#ifndef QUELL_CLI_CATALOGUE_H
#define QUELL_CLI_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <quell/list.h>
#include "base/json_write.h"

struct section {
    const char *name;
    quell_list_kind kind;
};

/* Returns section i, NULL past the last one; or the section called `name`, NULL if there is
 * none. */
const struct section *section_at(size_t i);
const struct section *section_named(const char *name);

/* Fills in entry i of a section, or alias k or option k of that entry. Returns false past the
 * last. */
bool section_entry(const struct section *section, size_t i, quell_entry *entry);
bool section_alias(const struct section *section, size_t i, size_t k, quell_entry_alias *alias);
bool section_option(const struct section *section, size_t i, size_t k, quell_entry_option *option);

/* "no", "optional" or "yes": whether a sampler draws noise on the way. */
const char *noise_word(int stochastic);

/* Prints a table of the section, with `indent` spaces before each line (list_text.c). */
void section_print(const struct section *section, int indent);

/* Prints everything that is known about entry i. `asked` is the name by which it was asked for. */
void entry_print(const struct section *section, size_t i, const char *asked);

/* Writes entry i as a JSON object (list_json.c). */
void entry_json(struct quell_json_writer *writer, const struct section *section, size_t i);

#endif
