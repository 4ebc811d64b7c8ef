/* SPDX-License-Identifier: MIT */
#include "cli/text_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static ssize_t put(void *user, const char *text, size_t size)
{
    struct text_file *kept = user;
    if (kept->room - kept->length <= size) {
        size_t room = 2 * (kept->length + size) + 64;
        char *larger = realloc(kept->text, room);
        if (!larger) return 0; /* this sets the error flag of the FILE */
        kept->text = larger;
        kept->room = room;
    }
    memcpy(kept->text + kept->length, text, size);
    kept->length += size;
    kept->text[kept->length] = '\0';
    return (ssize_t)size;
}

FILE *text_file_open(struct text_file *kept)
{
    *kept = (struct text_file){0};
    return fopencookie(kept, "w", (cookie_io_functions_t){.write = put});
}

char *text_file_close(FILE *file, struct text_file *kept)
{
    int failed = fflush(file) || ferror(file);
    failed |= fclose(file);
    if (!failed && !kept->text) kept->text = calloc(1, 1);
    if (!failed) return kept->text;
    free(kept->text);
    return NULL;
}
