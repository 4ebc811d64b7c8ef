/* SPDX-License-Identifier: MIT */
/* Reads a record line by line. If that fails, says what is wrong with it: it is not a record, it
 * was cut off or damaged, or it belongs to another version of quell or to a run with other
 * settings. */
#include "cli/cli.h"
#include "cli/resume/in_the_way.h"
#include "cli/resume/partial_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ABOUT_BYTES (sizeof RECORD_ABOUT - 1)
#define MOST_RECORD ((off_t)1 << 24) /* more bytes than any command line has */

static int complain_record(const char *name, const char *what)
{
    return complain(errno == ENOMEM ? EXIT_MEMORY : EXIT_FILE, "%s: %s: %s", name, what,
                    strerror(errno));
}

static int complain_foreign(const char *name)
{
    return complain(EXIT_FILE, "%s: is in the way, and no record of an unfinished file: move it",
                    name);
}

static int complain_damage(const char *name, const char *what)
{
    return complain(EXIT_FILE, "%s: %s: restore it from a copy, or leave --resume out to draw anew",
                    name, what);
}

/* Opens a record. Refuses a link, and a file with several names, because writing to it could change
 * somebody else's file. */
static int open_record(const char *name, int *file)
{
    int code = in_the_way(name);
    if (code != EXIT_DONE) return code;
    *file = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return *file < 0 ? in_the_way_closed(name) : EXIT_DONE;
}

/* Reads all of the text, with a final '\0'. The caller frees it. */
static int read_text(const char *name, int file, char **text, size_t *length)
{
    struct stat status;
    *text = NULL;
    if (fstat(file, &status)) return complain_record(name, "cannot be read");
    if (!S_ISREG(status.st_mode) || status.st_size > MOST_RECORD) return complain_foreign(name);
    *text = malloc((size_t)status.st_size + 1);
    ssize_t got = *text ? pread(file, *text, (size_t)status.st_size, 0) : -1;
    if (got < 0) {
        int code = complain_record(name, "cannot be read");
        free(*text);
        return code;
    }
    (*text)[got] = '\0';
    *length = (size_t)got;
    return EXIT_DONE;
}

int record_replaceable(const char *name)
{
    char *text;
    int file;
    size_t length;
    if (access(name, F_OK) && faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW))
        return EXIT_DONE;
    int code = open_record(name, &file);
    if (code != EXIT_DONE) return code;
    code = read_text(name, file, &text, &length);
    close(file);
    if (code != EXIT_DONE) return code;
    bool own = !strncmp(text, RECORD_ABOUT, length < ABOUT_BYTES ? length : ABOUT_BYTES);
    free(text);
    return own ? EXIT_DONE : complain_foreign(name);
}

static bool is_version(const char *line) { return !strncmp(line, "version ", 8); }

/* Complains of a difference between two lines of settings, each of which is a name, a space and a
 * value. */
static int complain_setting(const char *part, const char *was, const char *is)
{
    size_t name = strcspn(is, " \n"), old = strcspn(was, "\n"), new = strcspn(is, "\n");
    bool same = !strncmp(was, is, name) && was[name] == ' ' && is[name] == ' ';
    if (same && is_version(is))
        return complain(EXIT_USAGE,
                        "--resume: %s was drawn by quell %.*s, and this is %.*s: go on with that "
                        "version, or leave --resume out to draw anew",
                        part, (int)(old - 8), was + 8, (int)(new - 8), is + 8);
    if (!same)
        return complain(EXIT_USAGE,
                        "--resume: %s was drawn by another version of quell, whose record has "
                        "'%.*s' where this has '%.*s': leave --resume out to draw anew",
                        part, (int)old, was, (int)new, is);
    return complain(EXIT_USAGE,
                    "--resume: %s was drawn with %.*s %.*s, and this is %.*s: say the same, or "
                    "leave --resume out to draw anew",
                    part, (int)name, is, (int)(old - name - 1), was + name + 1,
                    (int)(new - name - 1), is + name + 1);
}

static int compare(const char *part, const char *was, const char *is)
{
    while (*was || *is) {
        size_t old = strcspn(was, "\n"), new = strcspn(is, "\n");
        if (old != new || memcmp(was, is, old)) return complain_setting(part, was, is);
        was += old + (was[old] == '\n');
        is += new + (is[new] == '\n');
    }
    return EXIT_DONE;
}

static bool read_mark(const char *at, enum record_line line, struct record_mark *mark)
{
    char name[8], again[RECORD_MARK + 1];
    if (sscanf(at, "%7s %20zu %16" SCNx64, name, &mark->rows, &mark->digest) != 3) return false;
    record_line(again, line, mark);
    return !memcmp(at, again, RECORD_MARK);
}

static bool is_this_boot(const char *line)
{
    char boot[RECORD_BOOT];
    record_boot(boot);
    size_t length = strlen(boot);
    return length && !strncmp(line, "boot    ", 8) && !strncmp(line + 8, boot, length) &&
           line[8 + length] == '\n';
}

/* Returns the settings, after checking their length and digest. Returns NULL if they are damaged;
 * *wrong then says how. */
static const char *read_settings(const char *line, const char *end, const char **wrong)
{
    char again[64];
    size_t bytes;
    const char *settings = strchr(line, '\n');
    *wrong = "its line 5 is damaged";
    if (!settings++ || sscanf(line, "rest    %zu ", &bytes) != 1) return NULL;
    size_t there = (size_t)(end - settings), length = (size_t)(settings - line);
    *wrong = "it was cut";
    if (there < bytes) return NULL;
    *wrong = "its settings are damaged";
    if (record_rest(again, sizeof again, settings, there) != length ||
        memcmp(line, again, length) || strlen(settings) != there)
        return NULL;
    return settings;
}

/* Reads the first lines of a record, and returns the settings after them. NULL if a line is
 * damaged; *wrong then says which. */
static const char *read_lines(const char *text, size_t length, struct record *record,
                              const char **wrong)
{
    static const char *const damaged[] = {"its line 2 is damaged", "its line 3 is damaged"};
    const char *at = text + ABOUT_BYTES, *end = text + length;
    *wrong = "it was cut";
    for (int i = 0; i < RECORD_LINES; i++, at += RECORD_MARK) {
        if (end - at < RECORD_MARK) return NULL;
        *wrong = damaged[i];
        if (!read_mark(at, (enum record_line)i, &record->mark[i])) return NULL;
        *wrong = "it was cut";
    }
    record->same_boot = is_this_boot(at);
    const char *line = memchr(at, '\n', (size_t)(end - at));
    if (!line || !memchr(line + 1, '\n', (size_t)(end - line) - 1)) return NULL;
    return read_settings(line + 1, end, wrong);
}

static int read_record(const char *name, const char *part, const char *settings, const char *text,
                       size_t length, struct record *record)
{
    const char *wrong;
    size_t about = length < ABOUT_BYTES ? length : ABOUT_BYTES;
    if (memcmp(text, RECORD_ABOUT, about)) return complain_foreign(name);
    if (length < ABOUT_BYTES) return complain_damage(name, "it was cut");
    const char *was = read_lines(text, length, record, &wrong);
    return was ? compare(part, was, settings) : complain_damage(name, wrong);
}

int record_read(const char *name, const char *part, const char *settings, struct record *record)
{
    char *text;
    size_t length;
    int code = open_record(name, &record->file);
    if (code != EXIT_DONE) return code;
    code = read_text(name, record->file, &text, &length);
    if (code == EXIT_DONE) {
        code = read_record(name, part, settings, text, length, record);
        free(text);
    }
    if (code != EXIT_DONE) close(record->file);
    return code;
}
