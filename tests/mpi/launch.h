/* SPDX-License-Identifier: MIT */
#ifndef QUELL_TESTS_MPI_LAUNCH_H
#define QUELL_TESTS_MPI_LAUNCH_H

#include "command.h"

/* From here on a `struct command` starts the program that this variable of the environment names on
 * so many ranks; on 0 ranks, quell itself. */
void on_ranks(int ranks, const char *program);

/* The same on two ranks with arguments for each: "A... + B...". */
void on_each_rank(const char *program);

/* The one line on stderr that is quell-mpi's; launchers add some of their own. Ends the test if
 * there is none, or a second one; free it. */
char *only_complaint(const struct command *command);

#endif
