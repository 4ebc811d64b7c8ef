/* SPDX-License-Identifier: MIT */
/* Files that are written beside the one that they will replace. */
#ifndef QUELL_IO_TEMPORARY_H
#define QUELL_IO_TEMPORARY_H

/* The file that writing to `path` would change. Links are followed, also to a file that does not
 * exist yet, as a shell's `>` does. To be freed; NULL with errno. */
char *quell_temporary_target(const char *path);

/* The name as messages have it: of a link also where it leads. To be freed; NULL: no memory. errno
 * stays what it was. */
char *quell_temporary_spoken(const char *path);

/* A name in the folder of `target`: its own with `suffix`, shortened if that is longer than a name
 * may be, and then with a number computed from the whole name. To be freed; NULL: no memory. */
char *quell_temporary_name(const char *target, const char *suffix);

/* Whether output is written in place, without a temporary file: to pipes, devices, and the
 * process's own descriptors by name (/dev/stdout, /dev/fd/3). Returns a descriptor for it; or -1,
 * with errno 0 if it is not written in place, or with errno and *problem if it cannot be
 * written. */
int quell_temporary_is_in_place(const char *path);
int quell_temporary_in_place(const char *path, const char **problem);

/* Whether a file of that name is in a folder where only its owner may rename or remove it, as in
 * /tmp. */
int quell_temporary_is_sticky(const char *name);

/* Whether a file may replace `target`: 0, or -1 with errno and *problem. */
int quell_temporary_check(const char *target, const char **problem);

/* Creates a temporary file for `path` and returns its descriptor. *target: its final name.
 * *temporary: its name until then. The caller frees both; *temporary is NULL if the output is
 * written in place. On a failure it returns -1 with errno and *problem, and both are NULL. */
int quell_temporary_open(const char *path, char **target, char **temporary, const char **problem);

/* Creates a file without a name in the folder of `target`, which disappears with the process,
 * however that ends; and gives it a name by a link. -1: the file system has no such files. */
int quell_temporary_unnamed(const char *target);
int quell_temporary_link(int file, const char *target, char **temporary);

/* Copies to a file the mode, the owner (as far as allowed), and the access list and other
 * attributes of the file that it will replace, if there is one. */
void quell_temporary_dress(int file, const char *target);

#endif
