/* SPDX-License-Identifier: MIT */
#include <quell/mpi.h>
#include "io/npy.h"
#include "mpi/rank_part.h"

static quell_status check_shape(const quell_sampler *sampler, size_t rank, const size_t *shape)
{
    size_t dim = 1;
    if (rank > QUELL_MAX_RANK)
        return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: rank is %zu, must be 0 to %d", rank,
                                QUELL_MAX_RANK);
    if (rank && !shape) return quell_error_set(QUELL_BAD_ARGUMENT, "mpi: shape is NULL");
    if (!rank && shape)
        return quell_error_set(QUELL_BAD_ARGUMENT,
                               "mpi: a shape is given, but its rank, the number of its sizes, is "
                               "0: without a shape, give NULL");
    for (size_t i = 0; i < rank; i++)
        if (__builtin_mul_overflow(dim, shape[i], &dim)) dim = 0;
    if (!rank || dim == quell_sampler_dim(sampler)) return QUELL_OK;
    return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: the shape has %zu elements, the sampler %zu",
                            dim, quell_sampler_dim(sampler));
}

quell_status quell_mpi_save(MPI_Comm comm, const quell_sampler *sampler, const quell_draw *draw,
                            const quell_run *run, const char *path, size_t rank,
                            const size_t *shape)
{
    struct quell_group group;
    struct quell_part part;
    quell_status status = quell_group_enter(&group, comm);
    if (status) return status;
    status = quell_part_begin(&group, &part, sampler, draw, run);
    if (!status) status = quell_group_agree(&group, check_shape(sampler, rank, shape));
    if (!status) status = quell_group_same(&group, rank, "the rank of the shape");
    quell_group_leave(&group, status);
    if (status) return status;
    size_t dim = quell_sampler_dim(sampler);
    return quell_mpi_save_rows(comm, part.whole, rank ? rank : 1, rank ? shape : &dim, path,
                               quell_part_draw, &part);
}
