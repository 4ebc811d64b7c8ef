/* SPDX-License-Identifier: MIT */
/* Output goes to a temporary name in the directory of the file, then is renamed: a reader sees the
 * old file or the new one, never a part. fsync comes before the rename, because some file systems
 * report a full disk only then. */
#include "output.h"
#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static quell_status failed(const char *path, const char *what)
{
    char reason[128];
    const char *text = strerror_l(errno, (locale_t)0);
    snprintf(reason, sizeof reason, "%s", text ? text : "unknown error");
    return quell_fail(QUELL_IO_FAILED, "%s: %s: %s", path, what, reason);
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = quell_new(size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

static void forget(struct quell_output *output)
{
    free(output->path);
    free(output->target);
    free(output->temporary);
    memset(output, 0, sizeof *output);
    output->file = -1;
}
