/* SPDX-License-Identifier: MIT */
/* What the cases that run under mpirun share. */
#ifndef QUELL_TESTS_MPI_CASES_H
#define QUELL_TESTS_MPI_CASES_H

#include <quell/mpi.h>
#include <quell/quell.h>
#include <stdio.h>

#define CHECK(condition, ...)                                                          \
    do {                                                                               \
        if (condition) break;                                                          \
        fprintf(stderr, "%s:%d: rank %d: %s: ", __FILE__, __LINE__, rank, #condition); \
        fprintf(stderr, __VA_ARGS__);                                                  \
        fprintf(stderr, " (%s)\n", quell_error_message());                             \
        MPI_Abort(MPI_COMM_WORLD, 99);                                                 \
    } while (0)

extern int rank, ranks;

/* Samples from number 100 on. */
quell_draw make_draw(size_t count);

/* Conditions that each rank gives for its own samples, or that are the same for all; and what
 * differs. */
void conditions(void);
void other_conditions(void);

/* Files and messages that are refused, or said, in place of what would be wrong. On three ranks. */
void refused(void);

/* All that samples are told one by one, and ranks that do not give the same of it. */
void streams(void);
void in_vain(void);
void other_streams(void);

#endif
