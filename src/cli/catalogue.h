/* SPDX-License-Identifier: MIT */
/* What may be asked for by name: samplers, schedules, grids, models and instruction sets, seen
 * alike. */
#ifndef QUELL_CLI_CATALOGUE_H
#define QUELL_CLI_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/json_write.h"
#include "samplers/method.h"

/* also: NULL, or the other name of a schedule or a grid. paper: NULL, or an arXiv number or
 * where else it is from. options: NULL if it takes none. method: of a sampler. isa: an instruction
 * set. */
struct entry {
    const char *name, *also, *summary, *paper;
    const struct quell_option *options;
    const struct quell_method *method;
    bool isa;
    char text[64]; /* for a name that is made up */
};

/* entry: fills in the i-th of the section, which is zeroed; false past the end. */
struct section {
    const char *name;
    bool (*entry)(size_t i, struct entry *entry);
};

/* The i-th section, NULL past the end, and the one of that name. */
const struct section *section_at(size_t i);
const struct section *section_named(const char *name);

/* Each goes by its other names too; if that is a sampler's, *alias, which may not be NULL, is
 * set. */
bool section_find(const struct section *section, const char *name, struct entry *entry,
                  const struct quell_alias **alias);

/* "no", "optional" or "yes": whether a sampler draws noise on the way. */
const char *noise_word(enum quell_noisiness noise);

/* A table of the section, with `indent` spaces before each line (list_text.c). */
void section_print(const struct section *section, int indent);

/* All that is known of an entry. */
void entry_print(const struct entry *entry, const struct quell_alias *alias);

/* The same as a JSON object (list_json.c). */
void entry_json(struct quell_json_writer *writer, const struct entry *entry);

#endif
