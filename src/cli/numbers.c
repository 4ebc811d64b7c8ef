/* SPDX-License-Identifier: MIT */
#include "cli/numbers.h"
#include "cli/cli.h"
#include "base/memory.h"
#include "base/number.h"
#include "io/ending.h"
#include "io/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_TEXT ((size_t)64 << 20)

static int read_npy(const char *option, const char *path, double **values, size_t *count)
{
    struct quell_npy npy;
    quell_status status = quell_npy_open(&npy, path);
    if (status) return complain_input(EXIT_FILE, status);
    int code = EXIT_DONE;
    if (npy.rank != 1)
        code = complain(EXIT_FILE, "%s %s: must be an array of one dimension", option, path);
    if (code == EXIT_DONE) *values = quell_new(npy.values, sizeof **values);
    if (code == EXIT_DONE && !*values) code = complain(EXIT_MEMORY, "no memory for %s", option);
    status = code == EXIT_DONE ? quell_npy_doubles(&npy, npy.values, *values) : QUELL_OK;
    *count = npy.values;
    quell_npy_close(&npy);
    return status ? complain_input(EXIT_FILE, status) : code;
}

#define SPACE " \t\r\n"

/* Splits a list at its commas, or the text of a file at white space or commas, and reads the
 * pieces. Refuses a piece that is not a number. */
static int read_pieces(const char *option, const char *text, bool list, double **values,
                       size_t *count)
{
    *values = quell_new(strlen(text) / 2 + 1, sizeof **values);
    if (!*values) return complain(EXIT_MEMORY, "no memory for %s", option);
    for (const char *at = text;;) {
        if (!list) at += strspn(at, SPACE);
        if (!list && !*at) return EXIT_DONE;
        size_t length = strcspn(at, list ? "," : SPACE ",");
        if (quell_parse_double(at, length, &(*values)[*count]))
            return complain(EXIT_USAGE, "%s: '%.*s' is not a number", option,
                            length < 60 ? (int)length : 60, at);
        ++*count;
        at += length;
        if (!list) at += strspn(at, SPACE);
        if (!*at) return EXIT_DONE;
        at += *at == ',';
    }
}

/* Returns the text of a file as a string, and its length. */
static char *read_text(const char *path, size_t *length)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    char *text = NULL;
    if (file >= 0 && !fstat(file, &status)) {
        errno = S_ISREG(status.st_mode) ? EFBIG : S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        size_t size = *length = (size_t)status.st_size;
        if (S_ISREG(status.st_mode) && size < MOST_TEXT) text = quell_new(size + 1, 1);
        if (text && read(file, text, size) != (ssize_t)size) free(text), text = NULL;
    }
    int reason = errno;
    if (file >= 0) close(file);
    errno = reason;
    return text;
}

static void blank_comments(char *text)
{
    while ((text = strchr(text, '#'))) {
        size_t length = strcspn(text, "\n");
        memset(text, ' ', length);
    }
}

static int read_file(const char *option, const char *path, double **values, size_t *count)
{
    size_t length = 0;
    char *text = read_text(path, &length);
    if (!text)
        return complain(EXIT_FILE, "%s %s: cannot be read: %s; a list is T,T,... or a file", option,
                        path, strerror(errno));
    int code = EXIT_DONE;
    if (strlen(text) != length)
        code = complain(EXIT_FILE, "%s %s: byte %zu is zero: not a text of numbers", option, path,
                        strlen(text));
    blank_comments(text);
    bool marked = !strncmp(text, "\xef\xbb\xbf", 3); /* the byte order mark of Windows' editors */
    if (code == EXIT_DONE)
        code = read_pieces(option, text + (marked ? 3 : 0), false, values, count);
    free(text);
    return code;
}

static bool is_list(const char *text)
{
    double one;
    return strchr(text, ',') || !quell_parse_double(text, strlen(text), &one);
}

int numbers_read(const char *option, const char *text, double **values, size_t *count)
{
    *values = NULL;
    *count = 0;
    int code = quell_ending_is(text, ".npy") ? read_npy(option, text, values, count)
               : is_list(text)               ? read_pieces(option, text, true, values, count)
                                             : read_file(option, text, values, count);
    if (code != EXIT_DONE) {
        free(*values);
        *values = NULL;
    }
    return code;
}
