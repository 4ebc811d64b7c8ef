/* SPDX-License-Identifier: MIT */
/* Output is written to another file in the same folder (one without a name, if the file system has
 * these), which replaces the target by a rename: a reader sees the old file or the new one, never a
 * part. fsync comes before the rename, because some file systems report a full disk only then. */
#include "io/output.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/temporary.h"
#include "io/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE 100 /* milliseconds of waiting for a slow reader, between two looks at *stop */

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

static bool is_regular(int file)
{
    struct stat status;
    return !fstat(file, &status) && S_ISREG(status.st_mode);
}

/* Opens a file without a name. -1 with *problem set: no output is possible; -1 without: the file
 * system has no such files. */
static int open_unnamed(struct quell_output *output, const char **problem)
{
    char *target = quell_temporary_target(output->path);
    int file = target ? quell_temporary_in_place(output->path, problem) : -1;
    if (file >= 0 || !target || errno) {
        free(target);
        if (!target) *problem = "cannot be created";
        return file;
    }
    file = quell_temporary_check(target, problem);
    if (!file) {
        *problem = NULL;
        file = quell_temporary_unnamed(target);
        output->unnamed = file >= 0;
        if (file < 0 && errno == ENOMEM) *problem = "cannot be created";
    }
    if (file >= 0) quell_temporary_dress(file, target);
    output->target = file >= 0 ? target : NULL;
    if (file < 0) free(target);
    return file;
}

quell_status quell_output_fail(const char *path, const char *problem)
{
    char *spoken = quell_temporary_spoken(path);
    quell_status status = quell_fail_file(spoken ? spoken : path, problem);
    free(spoken);
    return status;
}

quell_status quell_output_open(struct quell_output *output, const char *path)
{
    *output = (struct quell_output){.file = -1};
    if (!*path) return quell_fail(QUELL_IO_FAILED, "the name of an output file is empty");
    output->path = copy_text(path);
    if (!output->path) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", path);
    const char *problem = NULL;
    output->file = open_unnamed(output, &problem);
    if (output->file < 0 && !problem)
        output->file = quell_temporary_open(path, &output->target, &output->temporary, &problem);
    if (output->file >= 0) {
        output->waits = !is_regular(output->file);
        return QUELL_OK;
    }
    quell_status status = quell_output_fail(path, problem);
    forget(output);
    return status;
}

quell_status quell_output_standard(struct quell_output *output)
{
    *output = (struct quell_output){.file = -1, .path = copy_text("standard output")};
    if (!output->path) return quell_fail(QUELL_NO_MEMORY, "standard output: no memory");
    output->file = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    output->waits = output->file >= 0 && !is_regular(output->file);
    if (output->file >= 0) return QUELL_OK;
    quell_status status = quell_fail_file(output->path, "cannot be opened");
    forget(output);
    return status;
}

/* A pipe that has room takes PIPE_BUF bytes without waiting, so that a signal is noticed in
 * between. A longer write might wait in its middle, and return after a signal as if nothing had
 * happened. */
static ssize_t write_some(const struct quell_output *output, const char *at, size_t bytes)
{
    struct pollfd room = {.fd = output->file, .events = POLLOUT};
    if (!output->waits) return quell_write(output->file, at, bytes);
    if (poll(&room, 1, PATIENCE) <= 0) return 0;
    return quell_write(output->file, at, bytes < PIPE_BUF ? bytes : PIPE_BUF);
}

quell_status quell_output_write(struct quell_output *output, const void *data, size_t bytes)
{
    const char *at = data;
    if (output->put) return output->put(output->user, data, bytes);
    while (bytes) {
        if (output->stop && *output->stop)
            return quell_fail(QUELL_STOPPED, "%s: stopped while it was written", output->path);
        ssize_t written = write_some(output, at, bytes);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return quell_fail_file(output->path, "cannot be written");
        if (written <= 0) continue;
        at += written;
        bytes -= (size_t)written;
    }
    return QUELL_OK;
}

/* Pipes and devices need no fsync. */
static int sync_file(int file)
{
    return fsync(file) && errno != EINVAL && errno != EROFS && errno != ENOTSUP;
}

quell_status quell_output_commit(struct quell_output *output)
{
    int wrong = sync_file(output->file);
    if (!wrong && output->unnamed)
        wrong = quell_temporary_link(output->file, output->target, &output->temporary) < 0;
    int reason = errno;
    if (close(output->file) && !wrong) wrong = 1, reason = errno;
    output->file = -1;
    errno = reason;
    if (!wrong && output->temporary) wrong = rename(output->temporary, output->target);
    if (wrong) return quell_fail_file(output->path, "cannot be written");
    forget(output);
    return QUELL_OK;
}

void quell_output_discard(struct quell_output *output)
{
    if (!output->path) return;
    if (output->file >= 0) close(output->file);
    if (output->temporary) unlink(output->temporary);
    forget(output);
}
