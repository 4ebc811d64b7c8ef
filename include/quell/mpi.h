/* SPDX-License-Identifier: MIT */
/* quell over MPI: the ranks of a communicator draw disjoint ranges of the samples of one seed.
 * These functions are in a library of their own, quell_mpi. quell itself does not need MPI, and
 * quell.h does not include this header.
 *
 * Sample i has the same bits in every run. So neither the number of ranks nor their threads change
 * a sample: the ranks together draw what one process would draw.
 *
 * A collective function must be called by all ranks of the communicator, which must be an
 * intracommunicator. Its failures are collective, too: all ranks return the same status, and
 * quell_error_message() is the message of the lowest rank that failed, with that rank's number in
 * front if not all of them failed. A failure of MPI is QUELL_IO_FAILED, whatever error handler the
 * communicator has; nothing here ends the job. Messages travel on a duplicate of the communicator,
 * and so never meet the caller's.
 *
 * MPI must be initialised: with MPI_THREAD_FUNNELED or more unless run.threads is 1, even where
 * quell_mpi_threads would be 1. With less than MPI_THREAD_SERIALIZED only the main thread may call,
 * and with that one thread at a time. Otherwise these functions fail with QUELL_UNSUPPORTED. In
 * C++ they take the get() of a quell::sampler; docs/mpi.md has a program. */
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

/* Writes which of `count` samples are this rank's: skipped, ..., skipped + rows - 1 of them,
 * from 0. The ranges follow each other in the order of the ranks, and differ in length by at
 * most one. With more ranks than samples, the last ranks have none. Not collective. */
QUELL_API quell_status quell_mpi_range(MPI_Comm comm, uint64_t count, uint64_t *skipped,
                                       size_t *rows);

/* Collective: writes how many threads this rank's runs should have. Where the affinity masks of
 * several ranks of the communicator have a processor in common, these ranks divide it. So a rank
 * that is bound to a core, a socket or a node has as many threads as that has processors, and ranks
 * that are not bound divide the processors of their node. Two upper bounds hold as well:
 * OMP_NUM_THREADS, and the cgroup's quota divided by the number of ranks on the node. Inside a
 * parallel region it is 1. */
QUELL_API quell_status quell_mpi_threads(MPI_Comm comm, size_t *threads);

/* Collective: draws the samples draw->first, ..., draw->first + draw->count - 1 as quell_sample
 * does. Each rank draws its own range (quell_mpi_range of draw->count) into its x[rows][dim]; x may
 * be NULL if rows is 0.
 *
 * seed, first, count and the sampler must be the same on all ranks. This is checked before anything
 * is drawn: the plans, grids, bounds and laws of x_1 are compared, and so are digests of every
 * weight of the models. Of a function that is reproducible, the outputs for two samples at three
 * levels of noise are compared; of other functions, of models that are not reproducible and of
 * schedules of the caller's own, only the sizes and options. Fails with QUELL_BAD_ARGUMENT, and a
 * message that says what differs.
 *
 * What samples are told one by one, each rank gives for its own samples, `rows` of them: classes,
 * negative_classes, seeds, indices, and conditions with a row for each sample. All ranks that have
 * samples give these, or none does. A condition that is the same for all samples (count 0) must be
 * the same on all ranks. Guidance must change a sample of some rank (quell_draw.part).
 *
 * The run is the rank's own. `threads` = 0 stands for quell_mpi_threads, which costs some messages,
 * and `progress` counts the rank's own samples. If a rank fails, or its progress function stops it,
 * the others stop soon. On failure x holds finished and unfinished samples. */
QUELL_API quell_status quell_mpi_sample(MPI_Comm comm, const quell_sampler *sampler,
                                        const quell_draw *draw, const quell_run *run, float *x);

/* Collective: draws as quell_mpi_sample does, but in batches of bounded memory, and writes them to
 * one .npy file by MPI-IO: float32, shape (draw->count, shape[0], ..., shape[rank - 1]), where
 * `rank` is the number of sizes of one sample, and not that of a process, and the product of
 * shape[rank] is the sampler's dim. If it is 0 and `shape` is NULL, the file's shape is
 * (draw->count, dim). All ranks give the same shape. The file has the same bytes for any number
 * of ranks, which are those that `quell sample` writes. It is written under a temporary name
 * beside `path`, and gets its name only when it is complete: on failure nothing is left, and a
 * file that was there before stays. All ranks give the same `path`, and must see it as the same
 * file, which must not be a pipe or a device. */
QUELL_API quell_status quell_mpi_save(MPI_Comm comm, const quell_sampler *sampler,
                                      const quell_draw *draw, const quell_run *run,
                                      const char *path, size_t rank, const size_t *shape);

/* Tells a rank whether another one has failed. It is valid during the call of a
 * quell_mpi_rows_fn. */
typedef struct quell_mpi_watch quell_mpi_watch;

/* Makes the next rows of a rank, x[rows][dim], when `done` of its rows are made. Returns QUELL_OK,
 * or the status with which the collective call shall end, after it has set a message by
 * quell_error_set. After quell_mpi_stopped has returned 1 it returns QUELL_STOPPED; the message is
 * then that of the rank that failed. */
typedef quell_status quell_mpi_rows_fn(void *user, quell_mpi_watch *watch, size_t done, size_t rows,
                                       float *x);

/* Returns 1 if another rank has failed, so that no more rows are needed, else 0. Any thread may
 * call this, but only calls by the thread that made the collective call receive news. */
QUELL_API int quell_mpi_stopped(quell_mpi_watch *watch);

/* Collective: writes samples that the caller makes to a file, as quell_mpi_save does: shape (count,
 * shape[0], ...), 1 <= rank <= 8. `make` is called for the rows of the rank's own range
 * (quell_mpi_range of count) in their order, a few megabytes at a time. Fails with
 * QUELL_NOT_FINITE if it has left an element as it was, or if a value is not finite. */
QUELL_API quell_status quell_mpi_save_rows(MPI_Comm comm, uint64_t count, size_t rank,
                                           const size_t *shape, const char *path,
                                           quell_mpi_rows_fn *make, void *user);

/* Collective: returns QUELL_OK if `status` is QUELL_OK on all ranks, else the status and the
 * message of the lowest rank where it is not: that of the last call of quell that failed there with
 * this status, or of quell_error_set. If there is none that the ranks have not been told of before,
 * the message is quell_status_text. It is for calls that each rank makes alone, such as loading a
 * model. */
QUELL_API quell_status quell_mpi_agree(MPI_Comm comm, quell_status status);

#ifdef __cplusplus
}
#endif
#endif
