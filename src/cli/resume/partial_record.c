/* SPDX-License-Identifier: MIT */
#include "cli/resume/partial_record.h"
#include "cli/cli.h"
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ABOUT \
    "An unfinished file of `quell sample`: the same command with --resume goes on with it.\n"
#define ABOUT_BYTES (sizeof ABOUT - 1)
#define LINE "%-7s %020zu %016" PRIx64 "\n"
#define LINE_BYTES 46
#define BOOT_BYTES 64
#define MOST_RECORD 65536

static const char *const names[RECORD_LINES] = {"sure", "written"};

/* Which start of which machine this is: while it goes on, what was written is there. */
static void read_boot(char boot[BOOT_BYTES])
{
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, boot, BOOT_BYTES - 1);
    if (file >= 0) close(file);
    boot[got < 0 ? 0 : got] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
}

static int write_all(int file, const char *text, size_t bytes)
{
    while (bytes) {
        ssize_t written = write(file, text, bytes);
        if (written < 0 && errno != EINTR) return -1;
        if (written < 0) continue;
        text += written;
        bytes -= (size_t)written;
    }
    return 0;
}

/* A new file in place of whatever has the name: a link is not followed. */
int record_write(const char *name, const char *settings)
{
    struct quell_digest nothing;
    char head[256], boot[BOOT_BYTES];
    unlink(name);
    int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) return -1;
    read_boot(boot);
    quell_digest_begin(&nothing);
    uint64_t digest = quell_digest_end(&nothing);
    int length = snprintf(head, sizeof head, ABOUT LINE LINE "boot %s\n", names[RECORD_SURE],
                          (size_t)0, digest, names[RECORD_WRITTEN], (size_t)0, digest, boot);
    if (!write_all(file, head, (size_t)length) && !write_all(file, settings, strlen(settings)))
        return file;
    int reason = errno;
    close(file);
    unlink(name);
    errno = reason;
    return -1;
}

int record_put(int file, enum record_line line, const struct record_mark *mark)
{
    char text[LINE_BYTES + 1];
    off_t at = (off_t)(ABOUT_BYTES + (size_t)line * LINE_BYTES);
    snprintf(text, sizeof text, LINE, names[line], mark->rows, mark->digest);
    return pwrite(file, text, LINE_BYTES, at) == LINE_BYTES ? 0 : -1;
}

static int complain_record(const char *name, const char *what)
{
    return complain(errno == ENOMEM ? EXIT_MEMORY : EXIT_FILE, "%s: %s: %s", name, what,
                    strerror(errno));
}

/* Only a file of its own is written to: what a link leads to may be anybody's. */
static int open_record(const char *name, int *file)
{
    struct stat status;
    *file = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*file < 0 && errno == ELOOP)
        return complain(EXIT_FILE, "%s: is in the way, and a symbolic link: move it", name);
    if (*file < 0) return complain_record(name, "cannot be opened");
    if (!fstat(*file, &status) && S_ISREG(status.st_mode) && status.st_nlink == 1) return EXIT_DONE;
    close(*file);
    return complain(EXIT_FILE, "%s: is in the way, and no file of its own name alone: move it",
                    name);
}

/* Of at most MOST_RECORD bytes; to be freed. */
static int read_text(const char *name, int file, char **text)
{
    *text = malloc(MOST_RECORD);
    ssize_t got = *text ? pread(file, *text, MOST_RECORD - 1, 0) : -1;
    if (got < 0) {
        int code = complain_record(name, "cannot be read");
        free(*text);
        return code;
    }
    (*text)[got] = '\0';
    return EXIT_DONE;
}

static int complain_foreign(const char *name)
{
    return complain(EXIT_FILE, "%s: is not of an unfinished file of quell's, or cut: move it",
                    name);
}

int record_replaceable(const char *name)
{
    static const char about[] = ABOUT;
    char *text;
    int file;
    if (access(name, F_OK) && faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW))
        return EXIT_DONE;
    int code = open_record(name, &file);
    if (code != EXIT_DONE) return code;
    code = read_text(name, file, &text);
    close(file);
    if (code != EXIT_DONE) return code;
    size_t length = strlen(text);
    bool own = !strncmp(text, about, length < ABOUT_BYTES ? length : ABOUT_BYTES);
    free(text);
    return own ? EXIT_DONE : complain_foreign(name);
}

/* A line of settings is a name, a space and a value. */
static int complain_setting(const char *part, const char *was, const char *is)
{
    size_t name = strcspn(is, " \n"), old = strcspn(was, "\n"), new = strcspn(is, "\n");
    bool same = !strncmp(was, is, name) && was[name] == ' ' && is[name] == ' ';
    if (!same)
        return complain(EXIT_USAGE, "--resume: %s is of another version of quell: remove it", part);
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

/* The settings behind the lines of its own, NULL if these are not as they should be. */
static const char *read_lines(const char *text, struct record *record)
{
    char boot[BOOT_BYTES];
    if (strncmp(text, ABOUT, ABOUT_BYTES)) return NULL;
    const char *at = text + ABOUT_BYTES;
    for (int i = 0; i < RECORD_LINES; i++, at += LINE_BYTES) {
        char name[8];
        struct record_mark *mark = &record->mark[i];
        if (strnlen(at, LINE_BYTES) < LINE_BYTES || at[LINE_BYTES - 1] != '\n') return NULL;
        if (sscanf(at, "%7s %20zu %16" SCNx64, name, &mark->rows, &mark->digest) != 3) return NULL;
        if (strcmp(name, names[i])) return NULL;
    }
    read_boot(boot);
    const char *end = strchr(at, '\n');
    size_t length = strlen(boot);
    if (!end || strncmp(at, "boot ", 5)) return NULL;
    at += 5;
    record->same_boot = length && (size_t)(end - at) == length && !strncmp(at, boot, length);
    return end + 1;
}

int record_read(const char *name, const char *part, const char *settings, struct record *record)
{
    char *text;
    int code = open_record(name, &record->file);
    if (code != EXIT_DONE) return code;
    code = read_text(name, record->file, &text);
    if (code == EXIT_DONE) {
        const char *was = read_lines(text, record);
        code = was ? compare(part, was, settings) : complain_foreign(name);
        free(text);
    }
    if (code != EXIT_DONE) close(record->file);
    return code;
}
