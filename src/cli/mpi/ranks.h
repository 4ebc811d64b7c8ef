/* SPDX-License-Identifier: MIT */
/* The command quell-mpi, whose processes act as one program. Each rank keeps its complaint until
 * all ranks have agreed on an exit code; then rank 0 prints the complaint that led to that code. */
#ifndef QUELL_CLI_MPI_RANKS_H
#define QUELL_CLI_MPI_RANKS_H

#include "cli/cli.h"
#include "mpi/group.h"

/* `complaint` is the last complaint of this rank or, after an agreement, that of all ranks. */
struct ranks {
    struct quell_group group;
    char complaint[COMPLAINT];
};

_Static_assert(COMPLAINT == QUELL_MPI_MESSAGE, "a complaint is sent as a message");

/* Collective: all ranks return the exit code of the lowest rank whose code is not EXIT_DONE. */
int ranks_agree(struct ranks *ranks, int code);

/* Collective: returns EXIT_DONE if `way` is the same on all ranks. Otherwise all ranks complain
 * that they were started in different ways, in which some would wait for others that have ended. */
int ranks_same_way(struct ranks *ranks, int way);

/* Collective: all ranks return the same exit code. It is EXIT_DONE if `settings`, lines of a name
 * and a value, are the same on all ranks (settings.c). */
int ranks_same_settings(struct ranks *ranks, const char *settings);

/* Runs quell-mpi sample. Returns an exit code on which all ranks have agreed. */
int ranks_sample(struct ranks *ranks, int argc, char **argv);

#endif
