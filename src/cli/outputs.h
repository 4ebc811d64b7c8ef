/* SPDX-License-Identifier: MIT */
/* Checks of the places to which output goes. */
#ifndef QUELL_CLI_OUTPUTS_H
#define QUELL_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>
#include "io/output.h"

/* Returns whether a path stands for standard output: "-", or the same file, such as /dev/stdout. */
bool is_standard_output(const char *path);

/* Returns whether two names belong to the same file, which exists. */
bool is_same_file(const char *a, const char *b);

/* An input or an output. */
struct place {
    const char *option; /* the option that names it, "--out" */
    const char *path;   /* its value; NULL if it is not given */
};

/* Refuses an output that is also one of the inputs. Both lists end with a NULL option. This and the
 * next functions return an exit code; if it is not EXIT_DONE, they have complained. */
int places_check(const struct place *outputs, const struct place *inputs);

/* Refuses standard output for binary data if it is a terminal, or if a JSON report goes there.
 * `path` may be NULL. */
int standard_check(const char *option, const char *path, int json);

/* Refuses an output file that is larger than the free space on its disk, before any of it is
 * written. Does nothing if the file system does not report its free space. `there`: bytes of the
 * output that an earlier run has left. */
int room_check(const char *option, const char *path, uint64_t bytes, uint64_t there);

/* Opens standard output or a file (io/output.h) for so many bytes, 0 if it is not known how many,
 * and refuses what there is no room for. */
int outputs_open(struct quell_output *output, const char *option, const char *path, uint64_t bytes);

/* Refuses an output whose name has the extension of another format than `own`, ".npy". `path` may
 * be NULL. `plots`: the command has --plot, which the message suggests for images. */
int format_check(const char *option, const char *path, const char *own, bool plots);

#endif
