/* SPDX-License-Identifier: MIT */
/* The page of the specification has what programs can have. */
#include "harness.h"
#include "programs/kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The specification has a section for each kind, and in it the name of each attribute and
 * choice. */
TEST(program_specification, has_all_kinds)
{
    static char page[1 << 16];
    char path[1024], heading[64];
    const struct quell_kind *kind;
    snprintf(path, sizeof path, "%s/../../docs/programs.md", getenv("QUELL_PROGRAMS"));
    FILE *file = fopen(path, "r");
    CHECK(file, "%s is not there", path);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; (kind = quell_kind_at(i)); i++) {
        snprintf(heading, sizeof heading, "\n### %s\n", kind->name);
        char *section = strstr(page, heading), *end;
        CHECK(section, "docs/programs.md has no section '%s'", kind->name);
        end = strstr(section + 4, "\n##");
        if (end) *end = '\0';
        for (size_t k = 0; k < QUELL_MOST_ATTRIBUTES && kind->attributes[k].name; k++) {
            const char *const *choice = kind->attributes[k].choices;
            CHECK(strstr(section, kind->attributes[k].name), "%s: '%s' is not explained",
                  kind->name, kind->attributes[k].name);
            for (; choice && *choice; choice++) {
                snprintf(heading, sizeof heading, "`%s`", *choice);
                CHECK(strstr(section, heading), "%s: '%s' is not explained", kind->name, *choice);
            }
        }
        if (end) *end = '\n';
    }
}
