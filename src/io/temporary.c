/* SPDX-License-Identifier: MIT */
#include "io/temporary.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_NAMES 1000

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = quell_new(size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

/* Tries TARGET.PID.N.part for N = 0, 1, ... until one is new. */
static int create(const char *target, char **temporary)
{
    size_t size = strlen(target) + 64;
    char *name = quell_new(size, 1);
    int file = -1;
    if (!name) errno = ENOMEM;
    for (int n = 0; name && n < MOST_NAMES; n++) {
        snprintf(name, size, "%s.%ld.%d.part", target, (long)getpid(), n);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST) break;
    }
    if (file >= 0)
        *temporary = name;
    else
        free(name);
    return file;
}

static int open_target(const char *path, const char *target, char **temporary, const char **problem)
{
    struct stat status;
    *problem = "cannot be created";
    if (stat(path, &status)) return create(target, temporary);
    *problem = "cannot be written";
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (access(path, W_OK)) return -1;
    *problem = "cannot be created";
    if (S_ISREG(status.st_mode)) return create(target, temporary);
    *problem = "cannot be opened";
    return open(path, O_WRONLY | O_CLOEXEC);
}

int quell_temporary_open(const char *path, char **target, char **temporary, const char **problem)
{
    char *resolved = realpath(path, NULL);
    *temporary = NULL;
    *target = resolved ? resolved : copy_text(path);
    *problem = "cannot be created";
    if (!*target) {
        errno = ENOMEM;
        return -1;
    }
    int file = open_target(path, *target, temporary, problem), reason = errno;
    if (file < 0) {
        free(*target);
        *target = NULL;
        errno = reason;
    }
    return file;
}
