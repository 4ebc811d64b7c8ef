/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *input_file(const uint8_t *data, size_t size)
{
    static char path[64];
    static int file = -1;
    if (file < 0) file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return path;
}

void input_lines(const uint8_t *data, size_t size, const char *lines[INPUT_LINES])
{
    static char *text;
    free(text);
    text = calloc(size + 1, 1);
    if (!text) abort();
    if (size) memcpy(text, data, size);
    char *at = text, *end = text + strlen(text);
    for (int i = 0; i < INPUT_LINES; i++) {
        char *stop = at + strcspn(at, "\n");
        lines[i] = at;
        at = stop < end ? stop + 1 : end;
        *stop = '\0';
    }
}

int input_asks_much(const char *text, size_t digits)
{
    for (; *text; text++) {
        size_t length = strspn(text, "0123456789");
        if (length > digits) return 1;
        if (length) text += length - 1;
    }
    return 0;
}
