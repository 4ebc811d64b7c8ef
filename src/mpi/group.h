/* SPDX-License-Identifier: MIT */
/* The ranks of one call: `comm`, a duplicate of the caller's communicator that reports errors. */
#ifndef QUELL_MPI_GROUP_H
#define QUELL_MPI_GROUP_H

#include <mpi.h>
#include <quell/status.h>
#include <stddef.h>
#include <stdint.h>

#define QUELL_MPI_MESSAGE 1024

struct quell_group {
    MPI_Comm comm, caller;
    int rank, size;
};

/* Enters a group. Fails on all ranks or, if MPI itself fails, on some; after a failure
 * quell_group_leave must not be called. */
quell_status quell_group_enter(struct quell_group *group, MPI_Comm comm);

/* Frees the duplicate, and returns `status`. The caller's communicator is unchanged. */
quell_status quell_group_leave(struct quell_group *group, quell_status status);

/* Formats a message of this library and records it. */
__attribute__((format(printf, 2, 3))) quell_status quell_group_fail(quell_status status,
                                                                    const char *format, ...);

/* Turns a return code of MPI into QUELL_OK, or QUELL_IO_FAILED with MPI's own text after `what`. */
quell_status quell_group_check(int code, const char *what);

/* Collective. Sets *code and message to those of the lowest rank whose code is not 0, with "rank N:
 * " before the message unless all ranks failed. The returned status is that of the exchange
 * itself. */
quell_status quell_group_settle(const struct quell_group *group, int *code,
                                char message[QUELL_MPI_MESSAGE]);

/* Collective: like quell_group_settle, for a status and quell_error_message(). */
quell_status quell_group_agree(const struct quell_group *group, quell_status status);

/* Collective: all ranks return the status and message of rank 0, which did the work for all
 * ranks. */
quell_status quell_group_told(const struct quell_group *group, quell_status status);

/* Collective: fails if `value`, which messages call `name`, is not the same on all ranks. */
quell_status quell_group_same(const struct quell_group *group, uint64_t value, const char *name);

/* Collective: if *threads is 0, sets it to the result of quell_mpi_threads. Fails only on this rank
 * if MPI does not allow so many threads. */
quell_status quell_group_threads(const struct quell_group *group, size_t *threads);

/* quell_mpi_range on this group; not collective. */
void quell_group_range(const struct quell_group *group, uint64_t count, uint64_t *skipped,
                       size_t *rows);

#endif
