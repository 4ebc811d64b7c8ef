/* SPDX-License-Identifier: MIT */
/* A FILE whose text is kept in memory. open_memstream is not used: in glibc it may lose text when
 * memory runs out, and neither ferror nor fclose reports that. */
#ifndef QUELL_CLI_TEXT_FILE_H
#define QUELL_CLI_TEXT_FILE_H

#include <stddef.h>
#include <stdio.h>

struct text_file {
    char *text;
    size_t length, room;
};

/* `kept` must stay where it is until the file is closed. NULL: no memory. */
FILE *text_file_open(struct text_file *kept);

/* All of the text, to be freed; NULL: no memory. */
char *text_file_close(FILE *file, struct text_file *kept);

#endif
