/* SPDX-License-Identifier: MIT */
/* A file that appears under its name only when it is complete. */
#ifndef QUELL_IO_OUTPUT_H
#define QUELL_IO_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

/* stop: set by the caller's signal handler to end the wait for a slow reader; may be NULL. waits:
 * the output is a pipe or a device, whose reader may be slow. unnamed: the file has no name yet,
 * and disappears with the process. put: takes what is written, with `user`, instead of a file; NULL
 * for a file. */
struct quell_output {
    int file;
    char *path;      /* the caller's name for it, in messages */
    char *target;    /* its final name */
    char *temporary; /* NULL: written in place, or unnamed */
    bool waits, unnamed;
    const _Atomic sig_atomic_t *stop;
    quell_status (*put)(void *user, const void *data, size_t bytes);
    void *user;
};

/* Fails with errno, and says what was to be done to which file: of a link also where it leads. */
quell_status quell_output_fail(const char *path, const char *problem);

/* Opens a file without a name in the folder of `path`, or a temporary one where the file system has
 * none. If `path` is there and is not a regular file (a pipe, a device), it is written in place. */
quell_status quell_output_open(struct quell_output *output, const char *path);

/* Writes to the standard output. */
quell_status quell_output_standard(struct quell_output *output);

/* Writes all of data, or fails and names the file and the reason. QUELL_STOPPED: *stop was set. */
quell_status quell_output_write(struct quell_output *output, const void *data, size_t bytes);

/* Gives the file its name. The file is closed in either case; after a failure the output still has
 * its names, so that quell_output_discard removes what was written, or the caller keeps it. */
quell_status quell_output_commit(struct quell_output *output);

/* Closes the output and removes what was written. A zeroed or closed output is allowed. */
void quell_output_discard(struct quell_output *output);

#endif
