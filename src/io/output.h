/* SPDX-License-Identifier: MIT */
/* A file that appears under its name only when it is complete. */
#ifndef QUELL_IO_OUTPUT_H
#define QUELL_IO_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

/* stop: where a signal handler of the caller says that the wait for a slow reader is to end; may
 * be NULL. waits: it is a pipe or a device, whose reader may be slow. unnamed: a file that has no
 * name yet, and goes with the process. */
struct quell_output {
    int file;
    char *path;      /* as the caller named it, for messages */
    char *target;    /* what it becomes */
    char *temporary; /* NULL: written in place, or unnamed */
    bool waits, unnamed;
    const _Atomic sig_atomic_t *stop;
};

/* Opens a file without a name in the folder of `path`, or a temporary one where the file system has
 * none. If `path` is there and is not a regular file (a pipe, a device), it is written in place. */
quell_status quell_output_open(struct quell_output *output, const char *path);

/* The standard output in place of a file. */
quell_status quell_output_standard(struct quell_output *output);

/* Writes all of data, or fails and names the file and the reason. QUELL_STOPPED: *stop was set. */
quell_status quell_output_write(struct quell_output *output, const void *data, size_t bytes);

/* Gives the file its name. The output is closed either way; on failure nothing is left. */
quell_status quell_output_commit(struct quell_output *output);

/* Closes the output and removes what was written. A zeroed or closed output is allowed. */
void quell_output_discard(struct quell_output *output);

#endif
