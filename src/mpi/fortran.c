/* SPDX-License-Identifier: MIT */
/* Entry points for Fortran: they take integer handles (MPI_Fint), which C code alone can convert,
 * by MPI_Comm_f2c. */
#include <quell/mpi_fortran.h>

quell_status quell_mpi_range_f(MPI_Fint comm, uint64_t count, uint64_t *skipped, size_t *rows)
{
    return quell_mpi_range(MPI_Comm_f2c(comm), count, skipped, rows);
}

quell_status quell_mpi_threads_f(MPI_Fint comm, size_t *threads)
{
    return quell_mpi_threads(MPI_Comm_f2c(comm), threads);
}

quell_status quell_mpi_sample_f(MPI_Fint comm, const quell_sampler *sampler, const quell_draw *draw,
                                const quell_run *run, float *x)
{
    return quell_mpi_sample(MPI_Comm_f2c(comm), sampler, draw, run, x);
}

quell_status quell_mpi_save_f(MPI_Fint comm, const quell_sampler *sampler, const quell_draw *draw,
                              const quell_run *run, const char *path, size_t rank,
                              const size_t *shape)
{
    /* The address of an array without elements is not NULL. */
    return quell_mpi_save(MPI_Comm_f2c(comm), sampler, draw, run, path, rank, rank ? shape : NULL);
}

quell_status quell_mpi_save_rows_f(MPI_Fint comm, uint64_t count, size_t rank, const size_t *shape,
                                   const char *path, quell_mpi_rows_fn *make, void *user)
{
    return quell_mpi_save_rows(MPI_Comm_f2c(comm), count, rank, shape, path, make, user);
}

quell_status quell_mpi_agree_f(MPI_Fint comm, quell_status status)
{
    return quell_mpi_agree(MPI_Comm_f2c(comm), status);
}
