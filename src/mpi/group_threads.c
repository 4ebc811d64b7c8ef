/* SPDX-License-Identifier: MIT */
/* Finds out how many threads a rank takes. Launchers bind ranks to cores, sockets, nodes or not at
 * all, which the affinity masks show. Ranks share each processor that more than one of them may
 * use. */
#include <quell/mpi.h>
#include "engine/limits.h"
#include "mpi/group.h"
#include "mpi/shared.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

size_t quell_share_processors(const cpu_set_t *masks, size_t ranks, size_t self)
{
    double share = 0;
    for (size_t processor = 0; processor < CPU_SETSIZE; processor++) {
        size_t users = 0;
        if (!CPU_ISSET(processor, &masks[self])) continue;
        for (size_t i = 0; i < ranks; i++) users += CPU_ISSET(processor, &masks[i]) != 0;
        share += 1 / (double)users;
    }
    return share < 1 ? 1 : (size_t)(share + 1e-6);
}

static size_t least(size_t count, size_t limit) { return limit && limit < count ? limit : count; }

static size_t threads_of(const cpu_set_t *masks, size_t ranks, size_t self)
{
    size_t quota = quell_cgroup_limit();
    if (omp_in_parallel()) return 1;
    if (quota) quota = quota < 2 * ranks ? 1 : quota / ranks;
    size_t share = quell_share_processors(masks, ranks, self);
    return least(least(share, (size_t)omp_get_max_threads()), quota);
}

static void add_place(int place, cpu_set_t *mask)
{
    int count = omp_get_place_num_procs(place);
    int *processors = count > 0 ? calloc((size_t)count, sizeof *processors) : NULL;
    if (!processors) return;
    omp_get_place_proc_ids(place, processors);
    for (int i = 0; i < count; i++)
        if (processors[i] >= 0 && processors[i] < CPU_SETSIZE) CPU_SET((size_t)processors[i], mask);
    free(processors);
}

/* Finds the processors of this rank. If OpenMP binds threads, the mask of this thread is a single
 * place, although the rank has all places. On a machine with more processors than cpu_set_t holds,
 * the ranks divide those that fit. */
static void own_mask(cpu_set_t *mask)
{
    CPU_ZERO(mask);
    if (omp_get_proc_bind() != omp_proc_bind_false)
        for (int place = 0; place < omp_get_num_places(); place++) add_place(place, mask);
    if (CPU_COUNT(mask)) return;
    if (sched_getaffinity(0, sizeof *mask, mask)) memset(mask, 0xff, sizeof *mask);
}

static quell_status gather(MPI_Comm node, size_t *threads)
{
    int rank, ranks;
    cpu_set_t own;
    MPI_Comm_rank(node, &rank);
    MPI_Comm_size(node, &ranks);
    cpu_set_t *masks = calloc((size_t)ranks, sizeof *masks);
    int none = !masks, any;
    quell_status status =
        quell_group_check(MPI_Allreduce(&none, &any, 1, MPI_INT, MPI_MAX, node), "mpi");
    if (!status && any) status = quell_error_set(QUELL_NO_MEMORY, "mpi: no memory for masks");
    own_mask(&own);
    if (!status)
        status = quell_group_check(
            MPI_Allgather(&own, sizeof own, MPI_BYTE, masks, sizeof own, MPI_BYTE, node), "mpi");
    if (!status) *threads = threads_of(masks, (size_t)ranks, (size_t)rank);
    free(masks);
    return status;
}

static quell_status check_level(size_t threads)
{
    int level = 0;
    MPI_Query_thread(&level);
    if (level >= MPI_THREAD_FUNNELED || threads == 1) return QUELL_OK;
    return quell_error_set(
        QUELL_UNSUPPORTED,
        "mpi: MPI was initialised for a single thread: call MPI_Init_thread with "
        "MPI_THREAD_FUNNELED, or draw with threads = 1");
}

static quell_status count_on_node(const struct quell_group *group, size_t *threads)
{
    MPI_Comm node;
    quell_status status = quell_group_check(
        MPI_Comm_split_type(group->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node), "mpi");
    if (status) return status;
    status = gather(node, threads);
    MPI_Comm_free(&node);
    return status;
}

quell_status quell_group_threads(const struct quell_group *group, size_t *threads)
{
    int asks = !*threads, any;
    size_t count = 0;
    quell_status status =
        quell_group_check(MPI_Allreduce(&asks, &any, 1, MPI_INT, MPI_MAX, group->comm), "mpi");
    if (!status && any) status = count_on_node(group, &count);
    if (!status) status = check_level(*threads);
    if (asks) *threads = count;
    return status;
}

quell_status quell_mpi_threads(MPI_Comm comm, size_t *threads)
{
    struct quell_group group;
    size_t count = 0;
    quell_status status = quell_group_enter(&group, comm);
    if (status) return status;
    if (!threads) status = quell_error_set(QUELL_BAD_ARGUMENT, "mpi: threads is NULL");
    status = quell_group_agree(&group, status);
    if (!status) status = quell_group_threads(&group, &count);
    status = quell_group_leave(&group, quell_group_agree(&group, status));
    if (!status) *threads = count;
    return status;
}
