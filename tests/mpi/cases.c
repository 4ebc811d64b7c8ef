/* SPDX-License-Identifier: MIT */
/* What runs under mpirun for test_mpi_library.c: each case is called by all ranks, and a check that
 * fails on any rank says so and ends the job.
 *
 *     cases CASE */
#include "cases.h"
#include <quell/quell.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int rank, ranks;

/* A denoiser that fails in sample `sample`; if it is slow, each call takes a moment. */
struct trouble {
    uint64_t sample;
    bool slow;
};

static int denoise(void *user, const quell_call *call, const float *input, float *output)
{
    const struct trouble *trouble = user;
    const struct timespec moment = {0, 1000000};
    memcpy(output, input, call->rows * call->dim * sizeof *input);
    if (trouble->sample >= call->first && trouble->sample < call->first + call->rows) return -1;
    if (trouble->slow) nanosleep(&moment, NULL);
    return 0;
}

static quell_sampler *make_sampler(struct trouble *trouble, size_t steps)
{
    static const double weights[] = {1, 3}, means[] = {-2, 0, 2, 1}, variances[] = {0.1, 0.2};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps;
    quell_status status =
        trouble ? quell_denoiser_from_function(&denoiser, 2, denoise, trouble, NULL)
                : quell_denoiser_from_mixture(&denoiser, 2, 2, weights, means, variances);
    CHECK(!status, "denoiser");
    CHECK(!quell_schedule_create(&schedule, "vp"), "schedule");
    CHECK(!quell_sampler_create(&sampler, "ddpm", denoiser, schedule, &options), "sampler");
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return sampler;
}

quell_draw make_draw(size_t count)
{
    quell_draw draw = quell_draw_defaults();
    draw.seed = 5;
    draw.first = 100;
    draw.count = count;
    return draw;
}

/* Each rank's samples are those of one process; ranges cover all and do not overlap. */
static void draws(void)
{
    quell_sampler *sampler = make_sampler(NULL, 4);
    for (size_t count = 0; count < 12; count++) {
        float all[24], own[24];
        uint64_t skipped, end;
        size_t rows, sum;
        quell_draw draw = make_draw(count);
        CHECK(!quell_mpi_range(MPI_COMM_WORLD, count, &skipped, &rows), "range");
        CHECK(!quell_sample(sampler, &draw, NULL, all), "alone");
        CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, own), "draw");
        CHECK(!memcmp(own, all + 2 * skipped, rows * 8), "%zu samples", count);
        MPI_Allreduce(&rows, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
        end = skipped + rows;
        MPI_Bcast(&end, 1, MPI_UINT64_T, ranks - 1, MPI_COMM_WORLD);
        CHECK(sum == count && end == count, "ranges of %zu: %zu, %zu", count, sum, (size_t)end);
    }
    quell_sampler_free(sampler);
}

/* One rank fails: all have its status and message, soon, and nothing ends. */
static void fails(void)
{
    struct trouble trouble = {UINT64_MAX, true};
    quell_draw draw = make_draw(3 * (size_t)ranks);
    char expected[40];
    float x[6];
    trouble.sample = draw.first + draw.count - 1;
    quell_sampler *sampler = make_sampler(&trouble, 100000); /* others would take 100 s */
    double start = MPI_Wtime();
    for (int i = 0; i < 2; i++) {
        quell_status status =
            i ? quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "y.npy", 0, NULL)
              : quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x);
        snprintf(expected, sizeof expected, "rank %d: run: sample ", ranks - 1);
        if (ranks == 1) memmove(expected, expected + 8, sizeof expected - 8);
        CHECK(status == QUELL_DENOISER_FAILED, "status %d", (int)status);
        CHECK(!strncmp(quell_error_message(), expected, strlen(expected)), "not %s", expected);
        uint64_t sample = 0; /* known on all ranks, not on the last one alone */
        CHECK(quell_error_sample(&sample, NULL) && sample <= trouble.sample && sample >= draw.first,
              "sample %llu", (unsigned long long)sample);
    }
    CHECK(MPI_Wtime() - start < 10, "%g s", MPI_Wtime() - start);
    quell_sampler_free(sampler);
}

/* A sampler of which rank 1 has another, by `how`; 0: by the last bit of a mean that no sample is
 * ever near. */
static quell_sampler *other_sampler(int how)
{
    static const double weights[] = {1, 1e-300}, variances[] = {0.1, 0.2};
    double means[] = {-2, 0, 2, rank == 1 && how == 0 ? 1.0000001192092896 : 1};
    quell_denoiser *denoiser = NULL, *bare = NULL, *guide = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_guidance guidance = quell_guidance_defaults();
    const char *spec = rank == 1 && how == 1 ? "ddim:eta=0.9" : "ddpm";
    options.steps = 4;
    if (rank == 1 && how == 2) options.grid = "logsnr";
    if (rank == 1 && how == 3) options.threshold = 0.9;
    if (rank == 1 && how == 4) options.clamp_high = 1;
    if (rank == 1 && how == 5) options.prior_variance = weights + 1;
    if (rank == 1 && how == 6) guidance.weight = 3;
    CHECK(!quell_denoiser_from_mixture(&bare, 2, 2, weights, means, variances), "denoiser");
    CHECK(!quell_denoiser_from_isotropic(&guide, 2, NULL, 2), "guide");
    CHECK(!quell_denoiser_from_guidance(&denoiser, bare, guide, &guidance), "guided");
    quell_denoiser_free(guide);
    CHECK(!quell_schedule_create(&schedule, rank == 1 && how == 7 ? "cosine" : "vp"), "schedule");
    CHECK(!quell_sampler_create(&sampler, spec, denoiser, schedule, &options), "sampler");
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    quell_denoiser_free(bare);
    return sampler;
}

/* What makes a rank draw from another law is refused before anything is drawn. */
static void others(void)
{
    float x[20] = {0};
    quell_draw draw = make_draw(5);
    for (int how = 0; how < 9; how++) {
        quell_sampler *sampler = other_sampler(how);
        const char *says = how == 0 || how == 6 ? "the model" : "the sampler";
        quell_status status = quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x);
        if (how == 8) {
            CHECK(!status, "the same is refused");
        } else {
            CHECK(status == QUELL_BAD_ARGUMENT && x[0] == 0, "case %d", how);
            CHECK(strstr(quell_error_message(), says), "case %d", how);
            CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "y.npy", 0, NULL) ==
                      QUELL_BAD_ARGUMENT,
                  "case %d", how);
        }
        quell_sampler_free(sampler);
    }
}

static int stop_on_last(void *user, const quell_progress *progress)
{
    (void)user, (void)progress;
    return rank == ranks - 1;
}

/* A wrong argument on one rank is an error on all ranks, and leaves the communicator as it was. */
static void refusals(void)
{
    quell_sampler *sampler = make_sampler(NULL, 4);
    MPI_Errhandler before, after;
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &before);
    const size_t shape[9] = {3, 1, 1, 1, 1, 1, 1, 1, 1};
    float x[20];
    quell_draw draw = make_draw(5), other = draw;
    quell_run run = quell_run_defaults(), sizeless = run;
    other.seed += rank == 1;
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &other, NULL, x) == QUELL_BAD_ARGUMENT, "seed");
    CHECK(strstr(quell_error_message(), "seed is 5 on one rank, 6 on another"), "seed");
    other = draw;
    other.first = UINT64_MAX;
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &other, NULL, x) == QUELL_BAD_ARGUMENT,
          "first");
    CHECK(strstr(quell_error_message(), "up to 2^64 - 2"), "first");
    other = draw;
    other.count += rank == 0;
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &other, NULL, x) == QUELL_BAD_ARGUMENT,
          "count");
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, rank ? sampler : NULL, &draw, &run, x) ==
              QUELL_BAD_ARGUMENT,
          "NULL");
    CHECK(strstr(quell_error_message(), "rank 0: mpi: the sampler is NULL"), "NULL");
    other = draw;
    if (rank == 1) other.size = sizeless.size = 0;
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &other, &run, x) == QUELL_BAD_ARGUMENT, "size");
    CHECK(strstr(quell_error_message(), "rank 1: mpi: the size of its quell_draw is 0"), "size");
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, &sizeless, x) == QUELL_BAD_ARGUMENT,
          "size");
    CHECK(strstr(quell_error_message(), "rank 1: mpi: the size of its quell_run is 0"), "size");
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &other, &run, "y.npy", 0, NULL) ==
              QUELL_BAD_ARGUMENT,
          "size");
    CHECK(quell_mpi_sample(MPI_COMM_NULL, sampler, &draw, &run, x) == QUELL_BAD_ARGUMENT,
          "COMM_NULL");
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "y.npy", 1, shape) ==
              QUELL_BAD_ARGUMENT,
          "shape");
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "", 0, NULL) == QUELL_IO_FAILED,
          "name");
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, rank ? "b.npy" : "c.npy", 0, NULL) ==
                  QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "the name of the file is c.npy on rank 0 and another"),
          "names: %s", quell_error_message());
    size_t threads, rows;
    uint64_t skipped;
    CHECK(quell_mpi_threads(MPI_COMM_WORLD, rank ? &threads : NULL) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "mpi: threads is NULL"),
          "threads: %s", quell_error_message());
    CHECK(quell_mpi_range(MPI_COMM_WORLD, 3, &skipped, NULL) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "mpi: rows is NULL"),
          "range: %s", quell_error_message());
    CHECK(quell_mpi_range(MPI_COMM_WORLD, 3, NULL, &rows) == QUELL_BAD_ARGUMENT, "range");
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "y.npy", 9, shape) ==
                  QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "mpi: rank is 9, must be 0 to 8"),
          "rank: %s", quell_error_message());
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "y.json", 0, NULL) ==
                  QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "y.json: would be written as .npy: name it so"),
          "ending: %s", quell_error_message());
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "no/y.npy", 0, NULL) ==
              QUELL_IO_FAILED,
          "folder");
    CHECK(strstr(quell_error_message(), "no/y.npy: cannot be created: No such"), "folder");
    run.progress = stop_on_last;
    CHECK(quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "y.npy", 0, NULL) == QUELL_STOPPED,
          "stop");
    quell_error_set(QUELL_NO_MEMORY, "mine");
    quell_status own = rank == 1 ? QUELL_NO_MEMORY : QUELL_OK;
    CHECK(quell_mpi_agree(MPI_COMM_WORLD, own) == QUELL_NO_MEMORY, "agree");
    CHECK(!strcmp(quell_error_message(), "rank 1: mine"), "agree");
    CHECK(!quell_mpi_agree(MPI_COMM_WORLD, QUELL_OK), "agree");
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &after);
    CHECK(before == after, "the error handler");
    quell_sampler_free(sampler);
}

/* Writes on some of the ranks, in another order, and with a shape. The file of one process has
 * another name. */
static void save(void)
{
    const size_t shape[2] = {1, 2};
    quell_sampler *sampler = make_sampler(NULL, 4);
    quell_draw draw = make_draw(50);
    MPI_Comm part;
    MPI_Comm_split(MPI_COMM_WORLD, rank != 0, -rank, &part);
    const char *name = rank ? "rest.npy" : "one.npy";
    CHECK(!quell_mpi_save(part, sampler, &draw, NULL, name, 2, shape), "save");
    MPI_Comm_free(&part);
    quell_sampler_free(sampler);
}

/* What a rank has drawn, as its progress function is told: it never falls, and ends at all. */
static int follow(void *user, const quell_progress *progress)
{
    quell_progress *last = user;
    if (progress->done < last->done || progress->done > progress->total) return -1;
    *last = *progress;
    return 0;
}

/* Samples so large that a rank draws several batches; all of them are in the file. */
static void batches(void)
{
    enum { DIM = 1 << 20, COUNT = 11 };
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = make_draw(COUNT);
    quell_run run = quell_run_defaults();
    quell_progress last = {0, 0};
    options.steps = 1;
    CHECK(!quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 1), "denoiser");
    CHECK(!quell_schedule_create(&schedule, "vp"), "schedule");
    CHECK(!quell_sampler_create(&sampler, "ddpm", denoiser, schedule, &options), "sampler");
    float *all = malloc(sizeof(float) * DIM * COUNT), *written = malloc(sizeof(float) * DIM);
    CHECK(all && written, "memory");
    CHECK(!quell_sample(sampler, &draw, &run, all), "alone");
    run.progress = follow;
    run.progress_user = &last;
    CHECK(!quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, &run, "large.npy", 0, NULL), "save");
    CHECK(last.done == last.total && last.total == (rank ? 5 : 6), "progress: %d of %d",
          (int)last.done, (int)last.total);
    FILE *file = fopen("large.npy", "rb");
    CHECK(file && !fseek(file, 128, SEEK_SET), "large.npy");
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(fread(written, sizeof(float), DIM, file) == DIM, "sample %zu is not there", i);
        CHECK(!memcmp(written, all + i * DIM, sizeof(float) * DIM), "sample %zu", i);
    }
    fclose(file);
    free(all);
    free(written);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

/* With MPI for a single thread: one thread, or a refusal that says so. */
static void single(void)
{
    quell_sampler *sampler = make_sampler(NULL, 4);
    quell_draw draw = make_draw(1);
    quell_run run = quell_run_defaults();
    float x[2];
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, &run, x) == QUELL_UNSUPPORTED,
          "0 threads");
    CHECK(strstr(quell_error_message(), "MPI_THREAD_FUNNELED"), "0 threads");
    run.threads = 2;
    CHECK(quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, &run, x) == QUELL_UNSUPPORTED,
          "2 threads");
    run.threads = 1;
    CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, &run, x), "1 thread");
    quell_sampler_free(sampler);
}

/* The threads of all ranks together are printed by rank 0. */
static void threads(void)
{
    size_t own = 0, sum = 0;
    CHECK(!quell_mpi_threads(MPI_COMM_WORLD, &own) && own >= 1, "%zu threads", own);
    MPI_Reduce(&own, &sum, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    if (!rank) printf("%zu\n", sum);
}

static const struct {
    const char *name;
    void (*body)(void);
    int level;
} cases[] = {
    {"draw", draws, MPI_THREAD_FUNNELED},
    {"fails", fails, MPI_THREAD_FUNNELED},
    {"refusals", refusals, MPI_THREAD_FUNNELED},
    {"save", save, MPI_THREAD_FUNNELED},
    {"single", single, MPI_THREAD_SINGLE},
    {"threads", threads, MPI_THREAD_FUNNELED},
    {"conditions", conditions, MPI_THREAD_FUNNELED},
    {"streams", streams, MPI_THREAD_FUNNELED},
    {"in_vain", in_vain, MPI_THREAD_FUNNELED},
    {"other_streams", other_streams, MPI_THREAD_FUNNELED},
    {"other_conditions", other_conditions, MPI_THREAD_FUNNELED},
    {"batches", batches, MPI_THREAD_FUNNELED},
    {"others", others, MPI_THREAD_FUNNELED},
    {"refused", refused, MPI_THREAD_FUNNELED},
};

int main(int argc, char **argv)
{
    int level, found = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc != 2 || strcmp(argv[1], cases[i].name)) continue;
        MPI_Init_thread(&argc, &argv, cases[i].level, &level);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &ranks);
        cases[i].body();
        MPI_Finalize();
        found = 1;
    }
    return found ? 0 : 2;
}
