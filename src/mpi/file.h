/* SPDX-License-Identifier: MIT */
/* A file that all ranks write, and that gets its name only when it is complete. All functions are
 * collective, and all ranks return the same status, unless a comment says otherwise. */
#ifndef QUELL_MPI_FILE_H
#define QUELL_MPI_FILE_H

#include <mpi.h>
#include <stdbool.h>
#include "mpi/group.h"

/* `target` is the final name, known to rank 0 alone. `open` says that the file is open on all
 * ranks. */
struct quell_group_file {
    const char *path;
    char *target, *temporary;
    MPI_File file;
    bool open;
};

/* Opens a file; *file must be zeroed before. */
quell_status quell_group_open(const struct quell_group *group, struct quell_group_file *file,
                              const char *path);

/* Writes this rank's data at an offset: `of` elements of `type`, perhaps none. */
quell_status quell_group_write(const struct quell_group *group, struct quell_group_file *file,
                               MPI_Offset offset, const void *data, int of, MPI_Datatype type);

/* Gives the file its name. After a failure the file is removed. It is closed in both cases. */
quell_status quell_group_commit(const struct quell_group *group, struct quell_group_file *file);

/* Closes the file, removes what was written, and returns `status`. */
quell_status quell_group_discard(const struct quell_group *group, struct quell_group_file *file,
                                 quell_status status);

/* Not collective: removes the file early, in case the process is about to end. */
void quell_group_unlink(const struct quell_group *group, struct quell_group_file *file);

#endif
