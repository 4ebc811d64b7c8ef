/* SPDX-License-Identifier: MIT */
/* quell over MPI: the ranks of a communicator draw disjoint ranges of one stream. A library of its
 * own, quell_mpi; quell itself has no MPI in it, and quell.h does not include this.
 *
 * Sample i has the bits that it has in any run, so neither the number of ranks nor their threads
 * change a sample: what the ranks draw together is what one process draws.
 *
 * Functions that are collective must be called by all ranks of the communicator, an
 * intracommunicator. Their failures are collective, too: all ranks return the same status, and
 * quell_error_message() is that of the lowest rank that failed, whose number stands before it if
 * others did not fail. MPI's own failures come as QUELL_IO_FAILED, whatever error handler the
 * communicator has, and nothing here ends the job. Messages travel on a duplicate of the
 * communicator, and so never meet the caller's.
 *
 * MPI must be initialised, with MPI_THREAD_FUNNELED or more where runs have more than one thread;
 * with less than MPI_THREAD_MULTIPLE the main thread is the one to call. Where it is not so, the
 * status is QUELL_UNSUPPORTED. */
#ifndef QUELL_MPI_H
#define QUELL_MPI_H

#include <mpi.h>
#include <quell/run.h>
#include <quell/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which of `count` samples are this rank's: rows of them, after the first `skipped`. The ranges
 * follow each other in the order of the ranks, and differ in length by at most one; with more ranks
 * than samples the last ranks have none. Not collective. */
QUELL_API quell_status quell_mpi_range(MPI_Comm comm, uint64_t count, uint64_t *skipped,
                                       size_t *rows);

/* Collective: how many threads this rank's runs should have. A processor that several ranks of the
 * communicator may use, by their affinity masks, is shared among them: a rank that is bound to a
 * core, a socket or a node has as many as these have processors, and ranks that are not bound
 * divide those of their node. OMP_NUM_THREADS and the cgroup's quota, divided by the ranks on the
 * node, are limits, too; 1 inside a parallel region. */
QUELL_API quell_status quell_mpi_threads(MPI_Comm comm, size_t *threads);

/* Collective: draws samples draw->first .. draw->first + draw->count - 1, x_1 and then x_0, each
 * rank its own range (quell_mpi_range of draw->count) into its x[rows][dim]; x may be NULL where
 * rows is 0. seed, first, count and the sampler must be the same on all ranks, which is seen to
 * before anything is drawn: plan, grid, bounds and law of x_1 are compared, and a digest of every
 * weight of the model (of a function, a schedule of the caller's own and a model without the
 * promise about bits nothing but the sizes). QUELL_BAD_ARGUMENT names what differs. On every rank:
 * threads, 0 for
 * quell_mpi_threads, which costs some messages; classes[rows], of its own samples; progress, of its
 * own share. Where a rank fails, or stops by its progress function, the others stop soon. On
 * failure x holds a mixture of finished and unfinished samples. */
QUELL_API quell_status quell_mpi_sample(MPI_Comm comm, const quell_sampler *sampler,
                                        const quell_draw *draw, const quell_run *run, float *x);

/* Collective: draws as quell_mpi_sample does, but a batch of bounded memory at a time, and writes
 * the batches to one .npy file by MPI-IO: float32, shape (draw->count, shape[0], ...,
 * shape[rank - 1]), the product of shape[0..rank) the sampler's dim; rank 0 for (draw->count, dim).
 * The file is equal, byte by byte, for any number of ranks and to the one that `quell sample`
 * writes. It is written under a temporary name beside `path`, and has its name only when it is
 * complete: on failure nothing is left, and a file that was there stays. All ranks must see it
 * under that name; it must not be a pipe or a device. */
QUELL_API quell_status quell_mpi_save(MPI_Comm comm, const quell_sampler *sampler,
                                      const quell_draw *draw, const quell_run *run,
                                      const char *path, size_t rank, const size_t *shape);

/* What lets a rank know that another has failed. */
typedef struct quell_mpi_watch quell_mpi_watch;

/* Makes the next rows of a rank: x[rows][dim], after `done` of its own. Returns QUELL_OK, or the
 * status that ends the call, with a message by quell_error_set; QUELL_STOPPED after
 * quell_mpi_stopped was true leaves the word to the rank that failed. */
typedef quell_status quell_mpi_rows_fn(void *user, quell_mpi_watch *watch, size_t done, size_t rows,
                                       float *x);

/* 1 once another rank has failed, so that what is being made is in vain; else 0. Any thread may
 * ask; only the one that made the collective call finds news. */
QUELL_API int quell_mpi_stopped(quell_mpi_watch *watch);

/* Collective: the same for samples that the caller makes, shape (count, shape[0], ...), 1 <= rank
 * <= 8. `make` is called in order for the rank's own range (quell_mpi_range of count), some MB at a
 * time. */
QUELL_API quell_status quell_mpi_save_rows(MPI_Comm comm, uint64_t count, size_t rank,
                                           const size_t *shape, const char *path,
                                           quell_mpi_rows_fn *make, void *user);

/* Collective: QUELL_OK if it is that of all ranks, else the status and the message of the lowest
 * rank that failed. For calls of quell's that each rank makes by itself, as to load a model. */
QUELL_API quell_status quell_mpi_agree(MPI_Comm comm, quell_status status);

/* The same with Fortran's handle of a communicator: what the Fortran modules call. */
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
