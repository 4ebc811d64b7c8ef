/* SPDX-License-Identifier: MIT */
/* A file that all ranks write and that has its name only when it is complete. All calls are
 * collective, and agreed on. */
#ifndef QUELL_MPI_FILE_H
#define QUELL_MPI_FILE_H

#include <mpi.h>
#include <stdbool.h>
#include "mpi/group.h"

/* target, where it goes in the end: of rank 0. open: on all ranks. */
struct quell_group_file {
    const char *path;
    char *target, *temporary;
    MPI_File file;
    bool open;
};

/* A zeroed file. */
quell_status quell_group_open(const struct quell_group *group, struct quell_group_file *file,
                              const char *path);

/* Writes own bytes at an offset, none where there are none. `of` them are `type`. */
quell_status quell_group_write(const struct quell_group *group, struct quell_group_file *file,
                               MPI_Offset offset, const void *data, int of, MPI_Datatype type);

/* Gives it its name; on failure nothing is left. Either way it is closed. */
quell_status quell_group_commit(const struct quell_group *group, struct quell_group_file *file);

/* Closes it and removes what was written; `status`. */
quell_status quell_group_discard(const struct quell_group *group, struct quell_group_file *file,
                                 quell_status status);

/* Not collective: removes it early, so that nothing is left if there is no time for more. */
void quell_group_unlink(const struct quell_group *group, struct quell_group_file *file);

#endif
