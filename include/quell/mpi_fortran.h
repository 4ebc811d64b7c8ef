/* SPDX-License-Identifier: MIT */
/* The functions of mpi.h with Fortran's handle of a communicator, which C alone can convert. The
 * Fortran modules call them; a program in C has no use for them. */
#ifndef QUELL_MPI_FORTRAN_H
#define QUELL_MPI_FORTRAN_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

QUELL_API quell_status quell_mpi_range_f(MPI_Fint comm, uint64_t count, uint64_t *skipped,
                                         size_t *rows);
QUELL_API quell_status quell_mpi_threads_f(MPI_Fint comm, size_t *threads);
QUELL_API quell_status quell_mpi_sample_f(MPI_Fint comm, const quell_sampler *sampler,
                                          const quell_draw *draw, const quell_run *run, float *x);
QUELL_API quell_status quell_mpi_save_f(MPI_Fint comm, const quell_sampler *sampler,
                                        const quell_draw *draw, const quell_run *run,
                                        const char *path, size_t rank, const size_t *shape);
QUELL_API quell_status quell_mpi_save_rows_f(MPI_Fint comm, uint64_t count, size_t rank,
                                             const size_t *shape, const char *path,
                                             quell_mpi_rows_fn *make, void *user);
QUELL_API quell_status quell_mpi_agree_f(MPI_Fint comm, quell_status status);

#ifdef __cplusplus
}
#endif
#endif
