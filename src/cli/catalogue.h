/* SPDX-License-Identifier: MIT */
/* What can be asked for by name: samplers, schedules, grids, models and instruction sets, through
 * one interface. */
#ifndef QUELL_CLI_CATALOGUE_H
#define QUELL_CLI_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/json_write.h"
#include "samplers/method.h"

/* also: NULL, or the second name of a schedule or a grid. paper: NULL, or an arXiv number or
 * another source. options: NULL if there are none. method: for a sampler. isa: for an instruction
 * set. */
struct entry {
    const char *name, *also, *summary, *paper;
    const struct quell_option *options;
    const struct quell_method *method;
    bool isa;
    char text[64]; /* for a name that is composed */
};

/* entry: fills in a zeroed entry, the i-th of the section; false past the end. */
struct section {
    const char *name;
    bool (*entry)(size_t i, struct entry *entry);
};

/* The i-th section, NULL past the end; and the section of that name. */
const struct section *section_at(size_t i);
const struct section *section_named(const char *name);

/* Finds an entry by any of its names. If the name is a sampler's alias, *alias is set; alias may
 * not be NULL. */
bool section_find(const struct section *section, const char *name, struct entry *entry,
                  const struct quell_alias **alias);

/* "no", "optional" or "yes": whether a sampler draws noise on the way. */
const char *noise_word(enum quell_noisiness noise);

/* Prints a table of the section, with `indent` spaces before each line (list_text.c). */
void section_print(const struct section *section, int indent);

/* Prints everything that is known of an entry. */
void entry_print(const struct entry *entry, const struct quell_alias *alias);

/* Writes an entry as a JSON object (list_json.c). */
void entry_json(struct quell_json_writer *writer, const struct entry *entry);

#endif
