/* SPDX-License-Identifier: MIT */
/* Files that no rank may write in silence, and messages that belong to another failure. */
#include "cases.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static quell_sampler *plain_sampler(void)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 2;
    CHECK(!quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1), "denoiser");
    CHECK(!quell_schedule_create(&schedule, "vp"), "schedule");
    CHECK(!quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options), "sampler");
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return sampler;
}

static void check(quell_status status, quell_status expected, const char *message)
{
    CHECK(status == expected, "status %d, not %d", (int)status, (int)expected);
    CHECK(!strcmp(quell_error_message(), message), "not %s", message);
}

/* A row of make_rows for the rank's row `trouble`: left as it is, or with this value. */
struct making {
    size_t trouble;
    float value;
    quell_status status;
};

static quell_status make_rows(void *user, quell_mpi_watch *watch, size_t done, size_t rows,
                              float *x)
{
    const struct making *making = user;
    (void)watch;
    if (rank == 1 && making->status) return making->status;
    for (size_t i = 0; i < 2 * rows; i++) {
        if (rank != 1 || i / 2 + done != making->trouble)
            x[i] = (float)i;
        else if (making->value != 1)
            x[i] = making->value;
    }
    return QUELL_OK;
}

/* One file has one shape, and a shape is not ignored. */
static void shapes(void)
{
    static const size_t one[] = {2}, two[] = {1, 2}, turned[] = {2, 1};
    quell_sampler *sampler = plain_sampler();
    quell_draw draw = make_draw(6);
    struct making fine = {99, 0, QUELL_OK};
    check(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "y.npy", rank ? 1 : 2,
                         rank ? one : two),
          QUELL_BAD_ARGUMENT, "mpi: the rank of the shape is 1 on one rank, 2 on another");
    check(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "y.npy", 2, rank ? two : turned),
          QUELL_BAD_ARGUMENT, "mpi: shape[0] is 1 on one rank, 2 on another");
    check(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "y.npy", rank ? 1 : 0, one),
          QUELL_BAD_ARGUMENT,
          "rank 0: mpi: a shape is given, but its rank, the number of its sizes, is 0: without a "
          "shape, give NULL");
    check(quell_mpi_save_rows(MPI_COMM_WORLD, 6, 2, rank ? two : turned, "y.npy", make_rows, &fine),
          QUELL_BAD_ARGUMENT, "mpi: shape[0] is 1 on one rank, 2 on another");
    quell_sampler_free(sampler);
}

/* Rows that were not written, or hold values that are not finite; 1 stands for not written. */
static void rows(void)
{
    static const size_t shape[] = {2};
    static const char before[] = "rank 1: mpi: sample 3: the function that makes the rows ";
    static const struct {
        float value;
        const char *says;
    } cases[] = {{1, "did not write element 0"},
                 {NAN, "wrote nan in element 0"},
                 {-INFINITY, "wrote -inf in element 0"}};
    char says[200];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct making making = {1, cases[i].value, QUELL_OK};
        snprintf(says, sizeof says, "%s%s", before, cases[i].says);
        check(quell_mpi_save_rows(MPI_COMM_WORLD, 6, 1, shape, "y.npy", make_rows, &making),
              QUELL_NOT_FINITE, says);
    }
}

/* A failure without a message has that of its status, not that of an earlier failure. */
static void messages(void)
{
    static const size_t shape[] = {2};
    quell_draw draw = make_draw(6);
    struct making making = {99, 0, QUELL_NO_MEMORY};
    quell_status own = rank == 1 ? quell_error_set(QUELL_NO_MEMORY, "mine") : QUELL_OK;
    check(quell_mpi_agree(MPI_COMM_WORLD, own), QUELL_NO_MEMORY, "rank 1: mine");
    check(quell_mpi_agree(MPI_COMM_WORLD, QUELL_NO_MEMORY), QUELL_NO_MEMORY, "rank 1: mine");
    check(quell_mpi_agree(MPI_COMM_WORLD, own), QUELL_NO_MEMORY, "rank 1: out of memory");
    check(quell_mpi_agree(MPI_COMM_WORLD, rank == 1 ? QUELL_IO_FAILED : QUELL_OK), QUELL_IO_FAILED,
          "rank 1: a file could not be read or written");
    check(quell_mpi_sample(MPI_COMM_WORLD, NULL, &draw, NULL, NULL), QUELL_BAD_ARGUMENT,
          "mpi: the sampler is NULL");
    check(quell_mpi_agree(MPI_COMM_WORLD, rank == 1 ? QUELL_BAD_ARGUMENT : QUELL_OK),
          QUELL_BAD_ARGUMENT, "rank 1: an argument is out of its range");
    quell_error_set(QUELL_NO_MEMORY, "an earlier failure");
    check(quell_mpi_save_rows(MPI_COMM_WORLD, 6, 1, shape, "y.npy", make_rows, &making),
          QUELL_NO_MEMORY,
          "rank 1: mpi: the function that makes the rows returned QUELL_NO_MEMORY: out of memory");
    making.status = QUELL_STOPPED;
    check(quell_mpi_save_rows(MPI_COMM_WORLD, 6, 1, shape, "y.npy", make_rows, &making),
          QUELL_STOPPED,
          "rank 1: mpi: the function that makes the rows returned QUELL_STOPPED: stopped at the "
          "caller's request");
}

/* What the ranks of a part were told keeps its message for all ranks. */
static void parts(void)
{
    MPI_Comm part;
    MPI_Comm_split(MPI_COMM_WORLD, rank != 0, rank, &part);
    quell_status own = rank == 2 ? quell_error_set(QUELL_NOT_FOUND, "no such thing") : QUELL_OK;
    own = quell_mpi_agree(part, own);
    check(quell_mpi_agree(MPI_COMM_WORLD, own), QUELL_NOT_FOUND, "rank 1: rank 1: no such thing");
    MPI_Comm_free(&part);
}

/* Ranks in folders of their own, which do not see the file that rank 0 creates. */
static void folders(void)
{
    char own[20], after[200];
    int pid = (int)getpid();
    quell_sampler *sampler = plain_sampler();
    quell_draw draw = make_draw(6);
    snprintf(own, sizeof own, "rank%d", rank);
    CHECK(!mkdir(own, 0700) && !chdir(own), "a folder");
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    quell_status status = quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "y.npy", 0, NULL);
    CHECK(!chdir("..") && !rmdir(own), "a file is left in %s", own);
    snprintf(after, sizeof after,
             "rank 1: y.npy: rank 0 has created y.npy.%d.0.part, which is not one file for all "
             "ranks: No such file or directory; all must see the same folder by this name",
             pid);
    check(status, QUELL_IO_FAILED, after);
    quell_sampler_free(sampler);
}

void refused(void)
{
    folders();
    shapes();
    rows();
    messages();
    parts();
}
