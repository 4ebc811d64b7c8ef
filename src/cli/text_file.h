/* SPDX-License-Identifier: MIT */
/* A FILE whose text is kept in memory. It is used in place of open_memstream, which in glibc may
 * lose text when memory runs out, without an error from ferror or fclose. */
#ifndef QUELL_CLI_TEXT_FILE_H
#define QUELL_CLI_TEXT_FILE_H

#include <stddef.h>
#include <stdio.h>

struct text_file {
    char *text;
    size_t length, room;
};

/* Opens the file. `kept` must stay where it is until the file is closed. NULL: no memory. */
FILE *text_file_open(struct text_file *kept);

/* Closes the file, and returns its text, which the caller frees. NULL: no memory. */
char *text_file_close(FILE *file, struct text_file *kept);

#endif
