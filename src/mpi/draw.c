/* SPDX-License-Identifier: MIT */
#include <quell/mpi.h>
#include "mpi/part.h"
#include "mpi/group_watch.h"

static quell_status draw(const struct quell_group *group, struct quell_part *part, float *x)
{
    quell_mpi_watch watch;
    quell_status status = quell_watch_open(&watch, group);
    if (status) return status;
    if (part->run.count) status = quell_part_draw(part, &watch, 0, part->run.count, x);
    return quell_watch_close(&watch, quell_watch_agree(&watch, status));
}

quell_status quell_mpi_sample(MPI_Comm comm, const quell_sampler *sampler, const quell_run *run,
                              float *x)
{
    struct quell_group group;
    struct quell_part part;
    quell_status status = quell_group_enter(&group, comm);
    if (status) return status;
    status = quell_part_begin(&group, &part, sampler, run);
    if (!status) status = draw(&group, &part, x);
    return quell_group_leave(&group, status);
}
