/* SPDX-License-Identifier: MIT */
/* Each status of the header has its own name and a text in the library's table. */
#include "harness.h"

#include <quell/status.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names in the header's enum, in their order. */
static size_t read_names(char names[][64], size_t most)
{
    char path[4096], line[256];
    const char *folder = getenv("QUELL_HEADERS");
    CHECK(folder, "QUELL_HEADERS is not set: it must name the folder include, as meson test does");
    snprintf(path, sizeof path, "%s/quell/status.h", folder);
    FILE *file = fopen(path, "r");
    CHECK(file, "%s cannot be read", path);
    size_t count = 0;
    while (count < most && fgets(line, sizeof line, file))
        if (sscanf(line, "    %63[A-Z_]", names[count]) == 1 && !strncmp(line, "    QUELL_", 10))
            count++;
    fclose(file);
    return count;
}

TEST(status, names_and_texts)
{
    char names[64][64];
    size_t count = read_names(names, 64);
    CHECK(count > QUELL_BUSY, "only %zu statuses were found in the header", count);
    for (size_t i = 0; i < count; i++) {
        const char *name = quell_status_name((quell_status)i);
        const char *text = quell_status_text((quell_status)i);
        CHECK(!strcmp(name, names[i]), "status %zu is %s by name, %s in the header", i, name,
              names[i]);
        CHECK(*text && strcmp(text, "unknown status"), "%s has no text", name);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(text, quell_status_text((quell_status)j)), "%s: the text of %s", name,
                  names[j]);
    }
    CHECK(!strcmp(quell_status_name((quell_status)count), "unknown status"), "one too many");
    CHECK(!strcmp(quell_status_text((quell_status)-1), "unknown status"), "-1");
}
