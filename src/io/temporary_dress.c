/* SPDX-License-Identifier: MIT */
/* A file that replaces another one gets its mode, owner and attributes, so that a secret stays
 * one. */
#include "io/temporary.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MOST_NAMES 65536
#define MOST_VALUE 65536

/* Attributes that belong to the contents or to the kernel are not copied. */
static int is_own(const char *name)
{
    return !strncmp(name, "security.", 9) || !strncmp(name, "trusted.", 8);
}

/* The access list is one of the attributes: system.posix_acl_access. */
static void copy_attributes(int file, const char *target)
{
    char *names = quell_new(MOST_NAMES + MOST_VALUE, 1), *value = names + MOST_NAMES;
    ssize_t size = names ? listxattr(target, names, MOST_NAMES) : -1;
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
        const char *name = names + at;
        ssize_t length = is_own(name) ? -1 : getxattr(target, name, value, MOST_VALUE);
        if (length >= 0) fsetxattr(file, name, value, (size_t)length, 0);
    }
    free(names);
}

void quell_temporary_dress(int file, const char *target)
{
    struct stat old;
    if (stat(target, &old)) return;
    mode_t mode = old.st_mode & 07777;
    int owned = !fchown(file, old.st_uid, old.st_gid);
    if (!owned && fchown(file, (uid_t)-1, old.st_gid)) mode &= ~(mode_t)070; /* another group's */
    if (!owned) mode &= 01777; /* the file must not run with another user's rights */
    copy_attributes(file, target);
    if (fchmod(file, mode)) return; /* the file stays unreadable for others */
}
