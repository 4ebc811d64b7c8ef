/* SPDX-License-Identifier: MIT */
/* The command quell-mpi: many processes that speak as one. Each keeps its complaints until the
 * ranks have agreed on an exit code; then rank 0 prints the complaint that belongs to it. */
#ifndef QUELL_CLI_MPI_RANKS_H
#define QUELL_CLI_MPI_RANKS_H

#include "cli/cli.h"
#include "mpi/group.h"

/* complaint: the last complaint of this rank or, after an agreement, that of all ranks. */
struct ranks {
    struct quell_group group;
    char complaint[COMPLAINT];
};

_Static_assert(COMPLAINT == QUELL_MPI_MESSAGE, "a complaint is sent as a message");

/* Collective: all ranks return the exit code of the lowest rank whose code is not EXIT_DONE. */
int ranks_agree(struct ranks *ranks, int code);

/* Collective: all ranks return EXIT_DONE, or all complain that they were started in different ways;
 * some would otherwise wait for others that have ended. */
int ranks_same_way(struct ranks *ranks, int way);

/* Collective: all ranks return the same exit code. It is not EXIT_DONE if the settings, lines of a
 * name and a value, differ from those of rank 0 (settings.c). */
int ranks_same_settings(struct ranks *ranks, const char *settings);

/* quell-mpi sample. Returns an exit code that was agreed on. */
int ranks_sample(struct ranks *ranks, int argc, char **argv);

#endif
