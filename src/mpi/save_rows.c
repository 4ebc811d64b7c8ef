/* SPDX-License-Identifier: MIT */
/* The ranks go through their ranges in step, a batch at a time: all draw, and then all write. In
 * between, all ranks are told of a failure on any of them, so that none waits for a rank that has
 * given up. */
#include <quell/mpi.h>
#include "base/digest.h"
#include "base/fail_last.h"
#include "io/ending.h"
#include "io/npy.h"
#include "mpi/file.h"
#include "mpi/group_watch.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES ((size_t)16 << 20)

/* `skipped` and `rows` are this rank's range. `most` is the greatest number of rows in a batch, and
 * `batches` is how many batches the rank with the most rows needs. */
struct saving {
    const struct quell_group *group;
    quell_mpi_watch watch;
    struct quell_group_file file;
    uint64_t skipped;
    size_t dim, rows, most, batches, header;
    float *x;
    quell_mpi_rows_fn *make;
    void *user;
};

static quell_status check(uint64_t count, size_t rank, const size_t *shape, const char *path,
                          quell_mpi_rows_fn *make, size_t *dim)
{
    size_t bytes;
    if (!path || !shape || !make)
        return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: the %s is NULL",
                                !path    ? "name of the file"
                                : !shape ? "shape"
                                         : "function");
    if (!*path) return quell_error_set(QUELL_IO_FAILED, "mpi: the name of the file is empty");
    if (quell_ending_is_other(path, ".npy"))
        return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: %s: would be written as .npy: name it so",
                                path);
    if (rank < 1 || rank > QUELL_MAX_RANK)
        return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: rank is %zu, must be 1 to %d", rank,
                                QUELL_MAX_RANK);
    *dim = 1;
    for (size_t i = 0; i < rank; i++)
        if (!shape[i] || __builtin_mul_overflow(*dim, shape[i], dim)) *dim = SIZE_MAX;
    if (*dim > INT_MAX)
        return quell_error_set(QUELL_BAD_ARGUMENT,
                               "mpi: a sample must have 1 to 2^31 - 1 elements");
    if (__builtin_mul_overflow(count, *dim * sizeof(float), &bytes) || bytes > INT64_MAX - 256)
        return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: count %llu: more than a file can hold",
                                (unsigned long long)count);
    return QUELL_OK;
}

static void divide(struct saving *saving, uint64_t count)
{
    uint64_t ranks = (uint64_t)saving->group->size, largest = count / ranks + (count % ranks != 0);
    quell_group_range(saving->group, count, &saving->skipped, &saving->rows);
    saving->most = BATCH_BYTES / (saving->dim * sizeof(float));
    if (saving->most > largest) saving->most = largest;
    if (saving->most < 1) saving->most = 1;
    saving->batches = (largest + saving->most - 1) / saving->most;
}

static quell_status write_header(struct saving *saving, uint64_t count, size_t rank,
                                 const size_t *shape)
{
    char header[QUELL_NPY_HEADER];
    size_t sizes[QUELL_NPY_MAX_RANK] = {count};
    memcpy(sizes + 1, shape, rank * sizeof *shape);
    saving->header = quell_npy_header(header, rank + 1, sizes);
    int bytes = saving->group->rank ? 0 : (int)saving->header;
    return quell_group_write(saving->group, &saving->file, 0, header, bytes, MPI_BYTE);
}

/* Refuses values that are not finite. Before `make` was called each was a NaN of all ones, which no
 * arithmetic makes: where it still is, nothing was written. */
static quell_status check_rows(const struct saving *saving, size_t done, size_t rows)
{
    size_t i = 0, size = rows * saving->dim;
    uint32_t bits;
    while (i < size && isfinite(saving->x[i])) i++;
    if (i == size) return QUELL_OK;
    float value = saving->x[i];
    memcpy(&bits, &value, sizeof bits);
    const char *found = isnan(value) ? "wrote nan in"
                        : value > 0  ? "wrote inf in"
                                     : "wrote -inf in";
    return quell_group_fail(QUELL_NOT_FINITE,
                            "mpi: sample %llu: the function that makes the rows %s element %zu",
                            (unsigned long long)(saving->skipped + done + i / saving->dim),
                            bits == UINT32_MAX ? "did not write" : found, i % saving->dim);
}

/* The message of a failure of `make`, if that has not set its own, would be that of an earlier
 * one. */
static quell_status explain(quell_status status, unsigned before)
{
    if (quell_fail_last().count != before && quell_fail_last().status == status) return status;
    return quell_group_fail(status, "mpi: the function that makes the rows returned %s: %s",
                            quell_status_name(status), quell_status_text(status));
}

/* Calls `make` for the next rows. If another rank has failed, they may be unfinished. */
static quell_status make_rows(struct saving *saving, size_t done, size_t rows)
{
    memset(saving->x, 0xff, rows * saving->dim * sizeof *saving->x);
    unsigned before = quell_fail_last().count;
    quell_status status = saving->make(saving->user, &saving->watch, done, rows, saving->x);
    if (status) return explain(status, before);
    return atomic_load(&saving->watch.heard) ? QUELL_OK : check_rows(saving, done, rows);
}

static quell_status save_batch(struct saving *saving, size_t i)
{
    size_t done = i * saving->most, left = done < saving->rows ? saving->rows - done : 0;
    size_t rows = left < saving->most ? left : saving->most;
    uint64_t at = (saving->skipped + done) * saving->dim * sizeof(float);
    quell_status status = QUELL_OK;
    if (rows) status = make_rows(saving, done, rows);
    if (status) quell_group_unlink(saving->group, &saving->file);
    status = quell_watch_agree(&saving->watch, status);
    if (status) return status;
    return quell_group_write(saving->group, &saving->file,
                             rows ? (MPI_Offset)(saving->header + at) : 0, saving->x,
                             (int)(rows * saving->dim), MPI_FLOAT);
}

static quell_status save_batches(struct saving *saving, uint64_t count, size_t rank,
                                 const size_t *shape)
{
    quell_status status = write_header(saving, count, rank, shape);
    if (!status)
        status = quell_group_agree(saving->group, quell_watch_open(&saving->watch, saving->group));
    if (status) return status;
    if (!saving->group->rank) saving->watch.temporary = saving->file.temporary;
    for (size_t i = 0; i < saving->batches && !status; i++) status = save_batch(saving, i);
    return quell_watch_close(&saving->watch, status);
}

static quell_status save_all(struct saving *saving, uint64_t count, size_t rank,
                             const size_t *shape, const char *path)
{
    const struct quell_group *group = saving->group;
    quell_status status = QUELL_OK;
    divide(saving, count);
    saving->x = malloc(saving->most * saving->dim * sizeof *saving->x);
    if (!saving->x) status = quell_error_set(QUELL_NO_MEMORY, "mpi: no memory for a batch");
    status = quell_group_agree(group, status);
    if (!status) status = quell_group_open(group, &saving->file, path);
    if (!status) {
        status = save_batches(saving, count, rank, shape);
        status = status ? quell_group_discard(group, &saving->file, status)
                        : quell_group_commit(group, &saving->file);
    }
    free(saving->x);
    return status;
}

/* Rank 0 alone names the file, so a different name on another rank would have no effect. Such names
 * are refused. */
static quell_status check_name(const struct quell_group *group, const char *path)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_text(&digest, path);
    quell_status status = quell_group_same(group, quell_digest_end(&digest), "path");
    if (status != QUELL_BAD_ARGUMENT) return status;
    return quell_group_fail(
        QUELL_BAD_ARGUMENT,
        "mpi: the name of the file is %s on rank 0 and another on another rank; "
        "all ranks write one file",
        path);
}

/* Collective: refuses shapes that differ, because the file has one. */
static quell_status same_shape(const struct quell_group *group, size_t rank, const size_t *shape)
{
    char name[40];
    quell_status status = quell_group_same(group, rank, "the rank of the shape");
    for (size_t i = 0; i < rank && !status; i++) {
        snprintf(name, sizeof name, "shape[%zu]", i);
        status = quell_group_same(group, shape[i], name);
    }
    return status;
}

quell_status quell_mpi_save_rows(MPI_Comm comm, uint64_t count, size_t rank, const size_t *shape,
                                 const char *path, quell_mpi_rows_fn *make, void *user)
{
    struct quell_group group;
    struct saving saving = {.group = &group, .make = make, .user = user};
    quell_status status = quell_group_enter(&group, comm);
    if (status) return status;
    status = quell_group_agree(&group, check(count, rank, shape, path, make, &saving.dim));
    if (!status) status = quell_group_agree(&group, check_name(&group, path));
    if (!status) status = quell_group_same(&group, count, "count");
    if (!status) status = same_shape(&group, rank, shape);
    if (!status) status = save_all(&saving, count, rank, shape, path);
    return quell_group_leave(&group, status);
}
