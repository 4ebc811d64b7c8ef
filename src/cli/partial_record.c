/* SPDX-License-Identifier: MIT */
#include "cli/partial_record.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ABOUT \
    "An unfinished file of `quell sample`: the same command with --resume goes on with it.\n"
#define SURE "sure %020zu\n"
#define SURE_BYTES 26
#define BOOT_BYTES 64
#define MOST_RECORD 65536

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

int record_write(const char *name, const char *settings)
{
    char head[256], boot[BOOT_BYTES];
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) return -1;
    read_boot(boot);
    int length = snprintf(head, sizeof head, ABOUT SURE "boot %s\n", (size_t)0, boot);
    if (!write_all(file, head, (size_t)length) && !write_all(file, settings, strlen(settings)))
        return file;
    int reason = errno;
    close(file);
    unlink(name);
    errno = reason;
    return -1;
}

int record_sure(int file, size_t done)
{
    char line[SURE_BYTES + 1];
    snprintf(line, sizeof line, SURE, done);
    if (pwrite(file, line, SURE_BYTES, sizeof ABOUT - 1) != SURE_BYTES) return -1;
    return fdatasync(file);
}

static char *read_text(const char *name)
{
    int file = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = file < 0 ? NULL : malloc(MOST_RECORD);
    ssize_t got = text ? read(file, text, MOST_RECORD - 1) : -1;
    int reason = errno;
    if (file >= 0) close(file);
    if (got >= 0) {
        text[got] = '\0';
        return text;
    }
    free(text);
    errno = reason;
    return NULL;
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

int record_compare(const char *name, const char *part, const char *settings, size_t *sure)
{
    static const char about[] = ABOUT;
    char boot[BOOT_BYTES], *text = read_text(name);
    if (!text)
        return complain(errno == ENOMEM ? EXIT_MEMORY : EXIT_FILE, "%s: cannot be read: %s", name,
                        strerror(errno));
    const char *line = text + sizeof about - 1, *was = line;
    for (int i = 0; i < 2 && was; i++) was = (was = strchr(was, '\n')) ? was + 1 : NULL;
    int code = EXIT_DONE;
    if (strncmp(text, about, sizeof about - 1) || !was || strncmp(line, "sure ", 5))
        code = complain(EXIT_FILE, "%s: is not of an unfinished file of quell's, or cut: move it",
                        name);
    if (code == EXIT_DONE) code = compare(part, was, settings);
    read_boot(boot);
    size_t length = strlen(boot);
    bool same = code == EXIT_DONE && length && !strncmp(line + SURE_BYTES + 5, boot, length);
    *sure = code != EXIT_DONE ? 0 : same ? SIZE_MAX : strtoull(line + 5, NULL, 10);
    free(text);
    return code;
}
