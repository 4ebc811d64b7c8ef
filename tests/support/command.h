/* SPDX-License-Identifier: MIT */
/* The command quell as a process: it runs in a folder of its own, through a shell. */
#ifndef QUELL_TESTS_COMMAND_H
#define QUELL_TESTS_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>
#include "json_tree.h"
#include "scratch.h"

struct command {
    struct scratch work, log; /* where it runs, and where its stdout and stderr go */
    char before[64];          /* what the shell does first */
    const char *as;           /* a program that runs it; NULL: none */
    pid_t process;
};

struct command command_new(void);
void command_remove(const struct command *command);

/* Sets shell commands that run before it, as "ulimit ...;". */
void command_limit(struct command *command, const char *before);

/* From now on it runs as the user nobody, who may write to its folder. Returns false if this
 * process may not do that, or if nobody cannot run the command. */
bool command_as_nobody(struct command *command);

/* Runs it with these arguments; the shell sees them. Returns its exit code, or 128 + the signal
 * that ended it. */
int command_run(const struct command *command, const char *arguments);

/* The same in two parts; `process` is the command itself. */
void command_start(struct command *command, const char *arguments);
int command_wait(const struct command *command);

/* Runs it and ends the test if the exit code is another. */
void command_check(const struct command *command, int expected, const char *arguments);

/* It must fail with this code, say one line with `reason` in it, and leave no file. */
void command_refused(const struct command *command, int code, const char *arguments,
                     const char *reason);

/* Runs it, which must succeed, and reads its standard output as one JSON object, to be freed by
 * json_decref. */
json_t *command_json(const struct command *command, const char *arguments);

/* Returns a field that must be there. */
const json_t *json_field(const json_t *root, const char *name);

/* Two files it wrote must be the same. */
void command_same(const struct command *command, const char *left, const char *right);

/* Writes an .npy file of a type, such as "<f4", and a shape, such as "(3, 2)". */
void command_write_array(const struct command *command, const char *name, const char *type,
                         const char *shape, const void *values, size_t bytes);

/* Returns the values of an .npy file of floats that it wrote, to be freed. */
float *command_floats(const struct command *command, const char *name);

/* Return what it wrote to stdout and stderr, to be freed. */
char *command_output(const struct command *command);
char *command_errors(const struct command *command);

#endif
