/* SPDX-License-Identifier: MIT */
/* The part of a run that this rank draws. */
#ifndef QUELL_MPI_RANK_PART_H
#define QUELL_MPI_RANK_PART_H

#include <quell/mpi.h>
#include "mpi/group.h"

/* whole: how many samples all ranks draw. draw, run: of this rank's samples. done: how many of them
 * are drawn; rows: how many the current batch has. */
struct quell_part {
    const quell_sampler *sampler;
    uint64_t whole;
    quell_draw draw;
    quell_run run;
    quell_mpi_watch *watch;
    size_t done, rows;
};

/* Collective; all ranks return the same status. */
quell_status quell_part_begin(const struct quell_group *group, struct quell_part *part,
                              const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run);

/* A quell_mpi_rows_fn for `struct quell_part *`. */
quell_status quell_part_draw(void *user, quell_mpi_watch *watch, size_t done, size_t rows,
                             float *x);

#endif
