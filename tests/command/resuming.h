/* SPDX-License-Identifier: MIT */
/* A run that is interrupted, and goes on, for tests of --resume. */
#ifndef QUELL_TESTS_RESUMING_H
#define QUELL_TESTS_RESUMING_H

#include <stddef.h>
#include "command.h"
#include "sanitized.h"

/* The bytes of the header, those of a sample, and how many of these there are: enough for a run to
 * last until it is interrupted, which a sanitizer makes long in any case. */
#define RESUME_HEADER 128
#define RESUME_ROW 8
#if ADDRESS_SANITIZED || THREAD_SANITIZED
#define RESUME_ROWS 50000
#define RESUME_ROWS_TEXT "50000"
#define RESUME_ONE_LESS "49999"
#else
#define RESUME_ROWS 200000
#define RESUME_ROWS_TEXT "200000"
#define RESUME_ONE_LESS "199999"
#endif
#define RESUME_COUNT "--count " RESUME_ROWS_TEXT " "
#define RESUME_RUN \
    "sample --quiet --model builtin:grid25 --sampler ddpm --steps 60 --seed 3 " RESUME_COUNT
#define RESUME RESUME_RUN "--resume --out y.npy "

/* A folder with the file of a run that was never interrupted, whole.npy. */
struct command resume_begin(void);

/* The bytes of a file, 0 without one. */
size_t resume_size(const struct command *command, const char *name);

/* Starts a run and ends it by a signal when it has finished some samples. Returns its exit code. */
int resume_stop(struct command *command, const char *arguments, int number);

/* Checks that y.npy has the bytes of whole.npy, and that no other file is left. */
void resume_whole(const struct command *command);

/* Checks that the command ends with this exit code and one line with `reason` in it, and that what
 * was finished stays as it was. */
void resume_refused(const struct command *command, int code, const char *arguments,
                    const char *reason);

#endif
