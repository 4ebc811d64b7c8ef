/* SPDX-License-Identifier: MIT */
/* A file that is written beside the one it is to replace. */
#ifndef QUELL_IO_TEMPORARY_H
#define QUELL_IO_TEMPORARY_H

/* The file that writing to `path` would change: links are followed, to one that is not there yet,
 * too, as `>` of a shell does. To be freed; NULL with errno. */
char *quell_temporary_target(const char *path);

/* A name beside `target`, of the same folder: its own with `suffix`, cut if that is longer than a
 * name may be, and then with a number made of the whole name. To be freed; NULL: no memory. */
char *quell_temporary_name(const char *target, const char *suffix);

/* Whether output goes in place, without a temporary file: to pipes, devices, and the process's own
 * descriptors by their names (/dev/stdout, /dev/fd/3); and a descriptor for it. -1: it does not,
 * with errno 0, or it cannot be written, with errno and what could not be done in *problem. */
int quell_temporary_is_in_place(const char *path);
int quell_temporary_in_place(const char *path, const char **problem);

/* Whether a file may take the place of `target`: 0, or -1 with errno and *problem. */
int quell_temporary_check(const char *target, const char **problem);

/* Creates a temporary file for `path` and returns its descriptor. *target: the name that it is to
 * have in the end. *temporary: its name until then. Both are the caller's to free; *temporary is
 * NULL where the output is in place. On failure -1, with errno and *problem; both are NULL. */
int quell_temporary_open(const char *path, char **target, char **temporary, const char **problem);

/* A file without a name in the folder of `target`, which goes with the process, whatever ends it,
 * and its name, by a link. -1: the file system has no such files. */
int quell_temporary_unnamed(const char *target);
int quell_temporary_link(int file, const char *target, char **temporary);

/* Gives a file the mode, the owner as far as allowed, and the access list and other attributes of
 * the one that it is to replace, if that is there. */
void quell_temporary_dress(int file, const char *target);

#endif
