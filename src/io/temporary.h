/* SPDX-License-Identifier: MIT */
/* A file that is written under a temporary name beside the one it is to have. */
#ifndef QUELL_IO_TEMPORARY_H
#define QUELL_IO_TEMPORARY_H

/* Creates a temporary file for `path` and returns its descriptor. *target: the name that it is to
 * have in the end; a link is followed, so that what it points to is replaced and not the link.
 * *temporary: its name until then. Both are the caller's to free. If `path` is there and is not a
 * regular file (a pipe, a device), it is opened in place and *temporary is NULL.
 * On failure -1, with errno and, in *problem, what could not be done; both names are NULL. */
int quell_temporary_open(const char *path, char **target, char **temporary, const char **problem);

#endif
