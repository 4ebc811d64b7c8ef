/* SPDX-License-Identifier: MIT */
#include "mpi/group_watch.h"

#define NEWS 1 /* the tag of messages */

quell_status quell_watch_open(struct quell_mpi_watch *watch, const struct quell_group *group)
{
    watch->group = group;
    watch->caller = pthread_self();
    watch->raised = false;
    watch->temporary = NULL;
    atomic_init(&watch->heard, false);
    return quell_group_check(
        MPI_Irecv(NULL, 0, MPI_INT, MPI_ANY_SOURCE, NEWS, group->comm, &watch->request), "mpi");
}

int quell_mpi_stopped(quell_mpi_watch *watch)
{
    int there = 0;
    if (!watch) return 0;
    if (atomic_load(&watch->heard)) return 1;
    if (!pthread_equal(pthread_self(), watch->caller)) return 0;
    if (MPI_Test(&watch->request, &there, MPI_STATUS_IGNORE)) return 0;
    if (there) atomic_store(&watch->heard, true);
    return there;
}

static void raise_alarm(struct quell_mpi_watch *watch)
{
    const struct quell_group *group = watch->group;
    watch->raised = true;
    for (int rank = 0; rank < group->size; rank++) {
        MPI_Request sent;
        if (rank == group->rank) continue;
        if (!MPI_Isend(NULL, 0, MPI_INT, rank, NEWS, group->comm, &sent)) MPI_Request_free(&sent);
    }
}

quell_status quell_watch_agree(struct quell_mpi_watch *watch, quell_status status)
{
    if (status == QUELL_STOPPED && atomic_load(&watch->heard)) status = QUELL_OK;
    if (status) raise_alarm(watch);
    return quell_group_agree(watch->group, status);
}

/* Counts the other ranks that have sent news. */
static int count_news(const struct quell_mpi_watch *watch)
{
    int own = watch->raised, all = 0;
    if (MPI_Allreduce(&own, &all, 1, MPI_INT, MPI_SUM, watch->group->comm)) return 0;
    return all - own;
}

quell_status quell_watch_close(struct quell_mpi_watch *watch, quell_status status)
{
    int news = status ? count_news(watch) : 0;
    if (!news && !atomic_load(&watch->heard)) MPI_Cancel(&watch->request);
    MPI_Wait(&watch->request, MPI_STATUS_IGNORE); /* returns at once if the message was received */
    for (int i = 1; i < news; i++)
        MPI_Recv(NULL, 0, MPI_INT, MPI_ANY_SOURCE, NEWS, watch->group->comm, MPI_STATUS_IGNORE);
    return status;
}
