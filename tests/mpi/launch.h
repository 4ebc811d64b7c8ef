/* SPDX-License-Identifier: MIT */
#ifndef QUELL_TESTS_MPI_LAUNCH_H
#define QUELL_TESTS_MPI_LAUNCH_H

/* From here on a `struct command` starts the program that this variable of the environment names on
 * so many ranks; on 0 ranks, quell itself. */
void on_ranks(int ranks, const char *program);

#endif
