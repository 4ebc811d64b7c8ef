/* SPDX-License-Identifier: MIT */
/* Checks of the places where output goes: an output must not be one of the inputs. */
#ifndef QUELL_CLI_OUTPUTS_H
#define QUELL_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>
#include "io/output.h"

/* Returns whether a path is standard output: "-", or a file that is it, such as /dev/stdout. */
bool is_standard_output(const char *path);

/* Returns whether two names belong to the same file, which exists. */
bool is_same_file(const char *a, const char *b);

/* The name of an option, "--out", and its value, NULL if it is not given. */
struct place {
    const char *option, *path;
};

/* Refuses outputs that are one of the inputs. Both lists end with a NULL option. Returns an exit
 * code, and has complained if it is not EXIT_DONE; so do the next functions. */
int places_check(const struct place *outputs, const struct place *inputs);

/* Refuses standard output if a JSON report goes there, or if it is a terminal, because the output
 * is bytes. path may be NULL. */
int standard_check(const char *option, const char *path, int json);

/* Refuses an output that is larger than what is free on its disk, before any of it is written:
 * of a file, and where the file system says what is free. there: the bytes of it that an earlier
 * run has left. */
int room_check(const char *option, const char *path, uint64_t bytes, uint64_t there);

/* Opens standard output or a file (io/output.h) for so many bytes, 0 if it is not known how many,
 * and refuses what there is no room for. */
int outputs_open(struct quell_output *output, const char *option, const char *path, uint64_t bytes);

/* Refuses an output whose name ends like another format than `own`, ".npy". path may be NULL.
 * plots: whether the command has --plot, for images. */
int format_check(const char *option, const char *path, const char *own, bool plots);

#endif
