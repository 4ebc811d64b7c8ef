/* SPDX-License-Identifier: MIT */
/* The ranks of one call: a duplicate of the caller's communicator that reports errors. */
#ifndef QUELL_MPI_GROUP_H
#define QUELL_MPI_GROUP_H

#include <mpi.h>
#include <quell/status.h>
#include <stddef.h>
#include <stdint.h>

#define QUELL_MPI_MESSAGE 1024

struct quell_group {
    MPI_Comm comm;
    int rank, size;
};

/* Fails on all ranks or, where MPI itself does, on some; then there is nothing to leave. */
quell_status quell_group_enter(struct quell_group *group, MPI_Comm comm);

/* The caller's communicator is left as it was found. Returns `status`. */
quell_status quell_group_leave(struct quell_group *group, quell_status status);

/* Formats a message of this library's own and records it. */
__attribute__((format(printf, 2, 3))) quell_status quell_group_fail(quell_status status,
                                                                    const char *format, ...);

/* QUELL_OK, or QUELL_IO_FAILED with MPI's own text after `what`, for a return code of MPI's. */
quell_status quell_group_check(int code, const char *what);

/* Collective. *code and message become those of the lowest rank whose code is not 0, "rank N: "
 * before the message if it is not 0 on all. The status is of the exchange itself. */
quell_status quell_group_settle(const struct quell_group *group, int *code,
                                char message[QUELL_MPI_MESSAGE]);

/* Collective: the same for a status and quell_error_message(). */
quell_status quell_group_agree(const struct quell_group *group, quell_status status);

/* Collective: those of rank 0, which did for all what there is to do. */
quell_status quell_group_told(const struct quell_group *group, quell_status status);

/* Collective: fails if `value`, which messages call `name`, is not the same on all ranks. */
quell_status quell_group_same(const struct quell_group *group, uint64_t value, const char *name);

/* Collective: *threads, if it is 0, becomes what quell_mpi_threads says. Fails where MPI does not
 * allow so many; that is not agreed on. */
quell_status quell_group_threads(const struct quell_group *group, size_t *threads);

/* Not collective: quell_mpi_range. */
void quell_group_range(const struct quell_group *group, uint64_t count, uint64_t *skipped,
                       size_t *rows);

#endif
