/* SPDX-License-Identifier: MIT */
/* Where output goes; an output must not be one of the inputs. */
#ifndef QUELL_CLI_OUTPUTS_H
#define QUELL_CLI_OUTPUTS_H

#include <stdbool.h>
#include <quell/status.h>
#include "io/output.h"

/* Whether this is standard output: "-", or one of its names as a file, /dev/stdout and so on. */
bool is_standard_output(const char *path);

/* Whether two names are of one file that is there. */
bool is_same_file(const char *a, const char *b);

/* An option by its name, "--out", and its value, NULL where it is not given. */
struct place {
    const char *option, *path;
};

/* Refuses outputs that are one of the inputs, which each end with a NULL option. Returns an exit
 * code, and has complained if it is not EXIT_DONE. */
int places_check(const struct place *outputs, const struct place *inputs);

/* Refuses standard output where a report as JSON goes there, and where it is a terminal, to which
 * bytes would be written. path may be NULL. The same results. */
int standard_check(const char *option, const char *path, int json);

/* Opens standard output or a file (io/output.h). */
quell_status outputs_open(struct quell_output *output, const char *path);

/* Refuses an output whose name ends as another format than its own, ".npy". path may be NULL. The
 * same results. */
int format_check(const char *option, const char *path, const char *own);

#endif
