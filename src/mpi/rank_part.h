/* SPDX-License-Identifier: MIT */
/* The part of a run that this rank draws. */
#ifndef QUELL_MPI_RANK_PART_H
#define QUELL_MPI_RANK_PART_H

#include <quell/mpi.h>
#include "mpi/group.h"

/* `whole` is the number of samples that all ranks draw. `draw` and `run` are those of this rank's
 * samples. `done` of these have been drawn, and the current batch has `rows`. */
struct quell_part {
    const quell_sampler *sampler;
    uint64_t whole;
    quell_draw draw;
    quell_run run;
    quell_mpi_watch *watch;
    size_t done, rows;
};

/* Collective: prepares a rank's part. All ranks return the same status. */
quell_status quell_part_begin(const struct quell_group *group, struct quell_part *part,
                              const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run);

/* A quell_mpi_rows_fn for `struct quell_part *`. */
quell_status quell_part_draw(void *user, quell_mpi_watch *watch, size_t done, size_t rows,
                             float *x);

#endif
