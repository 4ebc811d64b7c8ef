/* SPDX-License-Identifier: MIT */
#include "cli/resume/partial_record.h"
#include "base/digest.h"
#include "io/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE "%-7s %020zu %016" PRIx64

static const char *const names[RECORD_LINES] = {"sure", "written"};

static uint64_t digest_of(const char *text, size_t length)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_add(&digest, text, length);
    return quell_digest_end(&digest);
}

void record_line(char text[RECORD_MARK + 1], enum record_line line, const struct record_mark *mark)
{
    size_t length =
        (size_t)snprintf(text, RECORD_MARK + 1, LINE, names[line], mark->rows, mark->digest);
    unsigned check = (unsigned)(digest_of(text, length) & 0xFFFFFFFF);
    snprintf(text + length, RECORD_MARK + 1 - length, " %08x\n", check);
}

void record_boot(char boot[RECORD_BOOT])
{
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, boot, RECORD_BOOT - 1);
    if (file >= 0) close(file);
    boot[got < 0 ? 0 : got] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
}

size_t record_rest(char *text, size_t size, const char *settings, size_t length)
{
    return (size_t)snprintf(text, size, "rest    %zu %016" PRIx64 "\n", length,
                            digest_of(settings, length));
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

static size_t make_head(char *head, size_t size, const char *settings)
{
    struct quell_digest nothing;
    char line[RECORD_MARK + 1], boot[RECORD_BOOT];
    size_t length = (size_t)snprintf(head, size, "%s", RECORD_ABOUT);
    quell_digest_begin(&nothing);
    struct record_mark none = {0, quell_digest_end(&nothing)};
    for (int i = 0; i < RECORD_LINES; i++) {
        record_line(line, (enum record_line)i, &none);
        length += (size_t)snprintf(head + length, size - length, "%s", line);
    }
    record_boot(boot);
    length += (size_t)snprintf(head + length, size - length, "boot    %s\n", boot);
    return length + record_rest(head + length, size - length, settings, strlen(settings));
}

/* Creates a new file in place of any that has this name, and does not follow a link. */
int record_write(const char *name, const char *target, const char *settings)
{
    char head[512];
    unlink(name);
    mode_t mode = access(target, F_OK) ? 0666 : 0600;
    int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0) return -1;
    quell_temporary_dress(file, target);
    size_t length = make_head(head, sizeof head, settings);
    if (!write_all(file, head, length) && !write_all(file, settings, strlen(settings))) return file;
    int reason = errno;
    close(file);
    unlink(name);
    errno = reason;
    return -1;
}

int record_put(int file, enum record_line line, const struct record_mark *mark)
{
    char text[RECORD_MARK + 1];
    off_t at = (off_t)(sizeof RECORD_ABOUT - 1 + (size_t)line * RECORD_MARK);
    record_line(text, line, mark);
    return pwrite(file, text, RECORD_MARK, at) == RECORD_MARK ? 0 : -1;
}
