/* SPDX-License-Identifier: MIT */
/* A rank's own part of a run of all ranks. */
#ifndef QUELL_MPI_PART_H
#define QUELL_MPI_PART_H

#include <quell/mpi.h>
#include "mpi/group.h"

/* run: of the rank's own samples. done, rows: how many of them there are, and how many the batch
 * going on has. */
struct quell_part {
    const quell_sampler *sampler;
    quell_run run;
    quell_mpi_watch *watch;
    size_t done, rows;
};

/* Collective, and agreed on. */
quell_status quell_part_begin(const struct quell_group *group, struct quell_part *part,
                              const quell_sampler *sampler, const quell_run *run);

/* A quell_mpi_rows_fn for `struct quell_part *`. */
quell_status quell_part_draw(void *user, quell_mpi_watch *watch, size_t done, size_t rows,
                             float *x);

#endif
