/* SPDX-License-Identifier: MIT */
/* Sends news of a failure while the ranks draw: the rank that failed sends an empty message to all
 * others. These look for such messages whenever their run reports progress to the thread that may
 * call MPI. */
#ifndef QUELL_MPI_GROUP_WATCH_H
#define QUELL_MPI_GROUP_WATCH_H

#include <pthread.h>
#include <quell/mpi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "mpi/group.h"

struct quell_mpi_watch {
    const struct quell_group *group;
    pthread_t caller;
    MPI_Request request;
    atomic_bool heard;
    bool raised;
    const char *temporary; /* the unfinished file on rank 0; else NULL */
};

quell_status quell_watch_open(struct quell_mpi_watch *watch, const struct quell_group *group);

/* Collective: quell_group_agree after drawing. A failure is sent to the ranks that still draw;
 * those that stop because of it do not count as failed themselves. */
quell_status quell_watch_agree(struct quell_mpi_watch *watch, quell_status status);

/* Collective: receives the news that no rank has received yet. Returns `status`, which the ranks
 * have agreed on. */
quell_status quell_watch_close(struct quell_mpi_watch *watch, quell_status status);

#endif
