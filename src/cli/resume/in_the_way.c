/* SPDX-License-Identifier: MIT */
#include "cli/resume/in_the_way.h"
#include "cli/cli.h"
#include "io/temporary.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Says why a file may not be written to; NULL if it may. */
static const char *obstacle(const char *name, const struct stat *status)
{
    if (S_ISLNK(status->st_mode)) return "a symbolic link";
    if (S_ISDIR(status->st_mode)) return "a folder";
    if (S_ISFIFO(status->st_mode)) return "a pipe";
    if (S_ISSOCK(status->st_mode)) return "a socket";
    if (!S_ISREG(status->st_mode)) return "a device";
    if (status->st_nlink != 1) return "a file that has other names, too,";
    if (status->st_uid != geteuid() && quell_temporary_is_sticky(name))
        return "a file of another user's";
    return NULL;
}

int in_the_way(const char *name)
{
    struct stat status;
    if (lstat(name, &status)) return EXIT_DONE; /* if it cannot be opened, that will say why */
    const char *what = obstacle(name, &status);
    return what ? complain(EXIT_FILE, "%s: %s is in the way: move it", name, what) : EXIT_DONE;
}

int in_the_way_closed(const char *name)
{
    int reason = errno;
    struct stat status;
    const char *whose =
        !lstat(name, &status) && status.st_uid != geteuid() ? ": it is another user's" : "";
    return complain(reason == ENOMEM ? EXIT_MEMORY : EXIT_FILE, "%s: cannot be opened: %s%s", name,
                    strerror(reason), whose);
}
