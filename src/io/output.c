/* SPDX-License-Identifier: MIT */
/* Output goes to a temporary name in the directory of the file, then is renamed: a reader sees the
 * old file or the new one, never a part. fsync comes before the rename, because some file systems
 * report a full disk only then. */
#include "io/output.h"
#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_NAMES 1000

static quell_status failed(const char *path, const char *what)
{
    return quell_fail(QUELL_IO_FAILED, "%s: %s: %s", path, what, strerror(errno));
}

static void forget(struct quell_output *output)
{
    free(output->path);
    free(output->target);
    free(output->temporary);
    *output = (struct quell_output){.file = -1};
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = quell_new(size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

/* Tries TARGET.PID.N.part for N = 0, 1, ... until one is new. */
static quell_status open_temporary(struct quell_output *output)
{
    size_t size = strlen(output->target) + 64;
    output->temporary = quell_new(size, 1);
    if (!output->temporary) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", output->path);
    for (int n = 0; n < MOST_NAMES; n++) {
        snprintf(output->temporary, size, "%s.%ld.%d.part", output->target, (long)getpid(), n);
        output->file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->file >= 0) return QUELL_OK;
        if (errno != EEXIST) break;
    }
    free(output->temporary);
    output->temporary = NULL;
    return failed(output->path, "cannot be created");
}

static quell_status open_in_place(struct quell_output *output)
{
    output->file = open(output->path, O_WRONLY | O_CLOEXEC);
    return output->file < 0 ? failed(output->path, "cannot be opened") : QUELL_OK;
}

/* A link is followed, so that what it points to is replaced and not the link. */
static char *find_target(const char *path)
{
    char *resolved = realpath(path, NULL);
    return resolved ? resolved : copy_text(path);
}

static quell_status open_output(struct quell_output *output)
{
    struct stat status;
    if (stat(output->path, &status)) return open_temporary(output);
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return failed(output->path, "cannot be written");
    }
    if (access(output->path, W_OK)) return failed(output->path, "cannot be written");
    return S_ISREG(status.st_mode) ? open_temporary(output) : open_in_place(output);
}

quell_status quell_output_open(struct quell_output *output, const char *path)
{
    *output = (struct quell_output){.file = -1};
    if (!*path) return quell_fail(QUELL_IO_FAILED, "the name of an output file is empty");
    output->path = copy_text(path);
    output->target = find_target(path);
    quell_status status = QUELL_NO_MEMORY;
    if (output->path && output->target)
        status = open_output(output);
    else
        quell_fail(status, "%s: no memory", path);
    if (status) forget(output);
    return status;
}

quell_status quell_output_standard(struct quell_output *output)
{
    *output = (struct quell_output){.file = -1, .path = copy_text("standard output")};
    if (!output->path) return quell_fail(QUELL_NO_MEMORY, "standard output: no memory");
    output->file = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (output->file >= 0) return QUELL_OK;
    failed(output->path, "cannot be opened");
    forget(output);
    return QUELL_IO_FAILED;
}

quell_status quell_output_write(struct quell_output *output, const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes) {
        ssize_t written = write(output->file, at, bytes);
        if (written > 0) {
            at += written;
            bytes -= (size_t)written;
        } else if (written < 0 && errno != EINTR) {
            return failed(output->path, "cannot be written");
        } else if (output->stop && *output->stop) {
            return quell_fail(QUELL_STOPPED, "%s: stopped while it was written", output->path);
        }
    }
    return QUELL_OK;
}

/* Pipes and devices have nothing to synchronise. */
static int finish(int file)
{
    int wrong = fsync(file) && errno != EINVAL && errno != EROFS && errno != ENOTSUP;
    int reason = errno;
    if (close(file) && !wrong) return -1;
    errno = reason;
    return wrong ? -1 : 0;
}

quell_status quell_output_commit(struct quell_output *output)
{
    int wrong = finish(output->file);
    output->file = -1;
    if (!wrong && output->temporary) wrong = rename(output->temporary, output->target);
    quell_status status = wrong ? failed(output->path, "cannot be written") : QUELL_OK;
    if (!wrong) {
        free(output->temporary);
        output->temporary = NULL;
    }
    quell_output_discard(output);
    return status;
}

void quell_output_discard(struct quell_output *output)
{
    if (!output->path) return;
    if (output->file >= 0) close(output->file);
    if (output->temporary) unlink(output->temporary);
    forget(output);
}
