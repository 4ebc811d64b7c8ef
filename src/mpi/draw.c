/* SPDX-License-Identifier: MIT */
#include <quell/mpi.h>
#include "mpi/rank_part.h"
#include "mpi/group_watch.h"

static quell_status draw_part(const struct quell_group *group, struct quell_part *part, float *x)
{
    quell_mpi_watch watch;
    quell_status status = quell_watch_open(&watch, group);
    if (status) return status;
    if (part->draw.count) status = quell_part_draw(part, &watch, 0, part->draw.count, x);
    return quell_watch_close(&watch, quell_watch_agree(&watch, status));
}

quell_status quell_mpi_sample(MPI_Comm comm, const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run, float *x)
{
    struct quell_group group;
    struct quell_part part;
    quell_status status = quell_group_enter(&group, comm);
    if (status) return status;
    status = quell_part_begin(&group, &part, sampler, draw, run);
    if (!status) status = draw_part(&group, &part, x);
    return quell_group_leave(&group, status);
}
