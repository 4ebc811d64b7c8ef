/* SPDX-License-Identifier: MIT */
/* Output goes to a temporary name in the directory of the file, then is renamed: a reader sees the
 * old file or the new one, never a part. fsync comes before the rename, because some file systems
 * report a full disk only then. */
#include "io/output.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

quell_status quell_output_open(struct quell_output *output, const char *path)
{
    *output = (struct quell_output){.file = -1};
    if (!*path) return quell_fail(QUELL_IO_FAILED, "the name of an output file is empty");
    output->path = copy_text(path);
    if (!output->path) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", path);
    const char *problem;
    output->file = quell_temporary_open(path, &output->target, &output->temporary, &problem);
    if (output->file >= 0) return QUELL_OK;
    quell_status status = errno == ENOMEM ? quell_fail(QUELL_NO_MEMORY, "%s: no memory", path)
                                          : failed(path, problem);
    forget(output);
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
