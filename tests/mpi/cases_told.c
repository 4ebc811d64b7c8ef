/* SPDX-License-Identifier: MIT */
/* Conditions over MPI. */
#include "cases.h"

#include <stdbool.h>
#include <string.h>

/* A mean that is the condition. */
static int tell(void *user, const quell_call *call, const float *input, float *output)
{
    const quell_condition *mean = call->conditions;
    (void)user, (void)input;
    for (size_t i = 0; i < call->rows * 2; i++) output[i] = mean->values[mean->count ? i : i % 2];
    return 0;
}

static quell_sampler *told_sampler(void)
{
    const quell_condition takes = {"mean", NULL, 0, 2};
    quell_function_options how = quell_function_defaults();
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 3;
    how.conditions = &takes, how.condition_count = 1;
    CHECK(!quell_denoiser_from_function(&denoiser, 2, tell, NULL, &how), "denoiser");
    CHECK(!quell_schedule_create(&schedule, "vp"), "schedule");
    CHECK(!quell_sampler_create(&sampler, "ddpm", denoiser, schedule, &options), "sampler");
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return sampler;
}

/* Each rank gives the rows of its own samples, or one row that all have. */
void conditions(void)
{
    quell_sampler *sampler = told_sampler();
    float means[24], all[24], own[24];
    for (int i = 0; i < 24; i++) means[i] = (float)i;
    for (size_t count = 0; count < 12; count++) {
        uint64_t skipped;
        size_t rows;
        quell_draw draw = make_draw(count);
        quell_condition given = {"mean", means, count, 2};
        draw.conditions = &given, draw.condition_count = 1;
        CHECK(!quell_mpi_range(MPI_COMM_WORLD, count, &skipped, &rows), "range");
        CHECK(!quell_sample(sampler, &draw, NULL, all), "alone");
        given.values += 2 * skipped, given.count = rows;
        CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, own), "of each");
        CHECK(!memcmp(own, all + 2 * skipped, 2 * rows * sizeof *own), "of each, %zu", count);
        given.values = means, given.count = 0;
        CHECK(!quell_sample(sampler, &draw, NULL, all), "alone");
        CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, own), "of all");
        CHECK(!memcmp(own, all + 2 * skipped, 2 * rows * sizeof *own), "of all, %zu", count);
    }
    quell_sampler_free(sampler);
}

static void check_told(quell_sampler *sampler, const quell_condition *given, size_t count,
                       const char *expected)
{
    float x[24];
    quell_draw draw = make_draw(12);
    draw.conditions = given, draw.condition_count = count;
    quell_status status = quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x);
    CHECK(status == QUELL_BAD_ARGUMENT, "%s", expected);
    CHECK(strstr(quell_error_message(), expected), "%s", expected);
}

void other_conditions(void)
{
    quell_sampler *sampler = told_sampler();
    const float mean[2] = {0, (float)rank}, same[2] = {0, 1};
    quell_condition given = {"mean", mean, 0, 2};
    check_told(sampler, &given, 1, "mpi: the digest of condition 'mean' is");
    given.name = rank ? "mean" : "means";
    given.values = same;
    check_told(sampler, &given, 1, "mpi: the digest of condition 'mean");
    check_told(sampler, rank ? &given : NULL, rank != 0, "mpi: condition_count is 0 on one rank");
    given.name = "mean";
    given.count = 3;
    check_told(sampler, &given, 1, "mpi: condition 'mean' has a count of 3, must be 0");
    quell_sampler_free(sampler);
}

/* A mean of the class, the condition, and the sample's own index and seed. */
static int tell_all(void *user, const quell_call *call, const float *input, float *output)
{
    const quell_condition *mean = call->conditions;
    (void)user;
    for (size_t i = 0; i < call->rows * 2; i++) {
        size_t row = i / 2;
        uint64_t index = call->indices ? call->indices[row] : call->first + row;
        float value = mean->values[mean->count ? i : i % 2];
        output[i] = input[i] / 2 + value + (float)(index % 7);
        if (call->classes) output[i] -= (float)call->classes[row];
        if (call->seeds) output[i] += (float)(call->seeds[row] % 3);
    }
    return 0;
}

/* The same guided by itself, so that negative ones count. */
static quell_sampler *guided_sampler(void)
{
    static const float none[2] = {0.5f, 0.25f};
    const quell_condition takes = {"mean", none, 0, 2};
    quell_function_options how = quell_function_defaults();
    quell_denoiser *denoiser = NULL, *guided = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 3;
    how.conditions = &takes, how.condition_count = 1, how.classes = 5;
    CHECK(!quell_denoiser_from_function(&denoiser, 2, tell_all, NULL, &how), "denoiser");
    CHECK(!quell_denoiser_from_guidance(&guided, denoiser, NULL, NULL), "guided");
    CHECK(!quell_schedule_create(&schedule, "vp"), "schedule");
    CHECK(!quell_sampler_create(&sampler, "ddpm", guided, schedule, &options), "sampler");
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    quell_denoiser_free(guided);
    return sampler;
}

enum { MOST = 12 };

/* What the samples of a run are told one by one. */
struct told {
    int32_t classes[MOST], negative[MOST];
    uint64_t seeds[MOST], indices[MOST];
    float means[2 * MOST], against[2 * MOST];
};

static struct told make_told(void)
{
    struct told told;
    for (int i = 0; i < MOST; i++) {
        told.classes[i] = i % 5 - 1, told.negative[i] = (i + 2) % 6 - 1;
        told.seeds[i] = (uint64_t)(i * i), told.indices[i] = (uint64_t)(100 - 7 * i);
        for (int e = 0; e < 2; e++) {
            told.means[2 * i + e] = (float)(i + e) / 4;
            told.against[2 * i + e] = (float)(i - e) / 8;
        }
    }
    return told;
}

/* `lists`: which of them to give, as bits. The conditions are those from sample `from` on, `rows`
 * of them; with no rows, one for all. */
static quell_draw draw_of(const struct told *told, size_t count, int lists, size_t from,
                          size_t rows, quell_condition conditions[2])
{
    bool each = lists & 16;
    quell_draw draw = quell_draw_defaults();
    conditions[0] =
        (quell_condition){"mean", told->means + (each ? 2 * from : 0), each ? rows : 0, 2};
    conditions[1] =
        (quell_condition){"mean", told->against + (each ? 2 * from : 0), each ? rows : 0, 2};
    draw.count = count;
    draw.conditions = conditions, draw.condition_count = 1;
    if (lists & 1) draw.classes = told->classes + from;
    if (lists & 2) draw.negative_classes = told->negative + from;
    if (lists & 4) draw.seeds = told->seeds + from;
    if (lists & 8) draw.indices = told->indices + from;
    if (lists & 32) draw.negative_conditions = conditions + 1, draw.negative_condition_count = 1;
    if (!(lists & 4)) draw.seed = 3;
    if (!(lists & 8)) draw.first = 40;
    return draw;
}

/* The ranks together draw what one process draws, whichever lists with an entry for each sample
 * they are given. */
void streams(void)
{
    quell_sampler *sampler = guided_sampler();
    const struct told told = make_told();
    float all[2 * MOST], own[2 * MOST];
    quell_condition conditions[2];
    for (int lists = 0; lists < 64; lists++) {
        size_t count = (size_t)lists % 11 + 1, rows;
        uint64_t skipped;
        CHECK(!quell_mpi_range(MPI_COMM_WORLD, count, &skipped, &rows), "range");
        quell_draw draw = draw_of(&told, count, lists, 0, count, conditions);
        CHECK(!quell_sample(sampler, &draw, NULL, all), "alone, %d", lists);
        draw = draw_of(&told, count, lists, skipped, rows, conditions);
        CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, own), "ranks, %d", lists);
        CHECK(!memcmp(own, all + 2 * skipped, 2 * rows * sizeof *own), "lists %d", lists);
    }
    quell_sampler_free(sampler);
}

/* Two ranks with `rows` samples each. */
static void check_rows(quell_sampler *sampler, int lists, size_t rows, const char *expected)
{
    const struct told told = make_told();
    float x[2 * MOST];
    quell_condition conditions[2];
    quell_draw draw = draw_of(&told, 2 * rows, lists, 0, rows, conditions);
    draw.seed = draw.first = 0;
    quell_status status = quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x);
    CHECK(status == QUELL_BAD_ARGUMENT && strstr(quell_error_message(), expected), "%s", expected);
}

static void check_lists(quell_sampler *sampler, int lists, const char *expected)
{
    check_rows(sampler, lists, 2, expected);
}

/* Guidance away from what the samples of some ranks have, but not of all, is taken. */
void in_vain(void)
{
    quell_sampler *sampler = guided_sampler();
    struct told told = make_told();
    quell_condition conditions[2];
    float x[2 * MOST];
    memcpy(told.negative, told.classes, sizeof told.negative);
    memcpy(told.against, told.means, sizeof told.against);
    uint64_t skipped;
    size_t rows;
    CHECK(!quell_mpi_range(MPI_COMM_WORLD, 6, &skipped, &rows), "range");
    quell_draw draw = draw_of(&told, 6, 51, skipped, rows, conditions);
    quell_status status = quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x);
    CHECK(status == QUELL_BAD_ARGUMENT &&
              !strncmp(quell_error_message(), "mpi: guidance has no effect: it is away from", 44),
          "%d, %s", status, quell_error_message());
    told.against[0]++;
    CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x), "%s", quell_error_message());
    told.against[0]--;
    draw.part = 1;
    CHECK(!quell_mpi_sample(MPI_COMM_WORLD, sampler, &draw, NULL, x), "%s", quell_error_message());
    quell_sampler_free(sampler);
}

/* A rank that forgot what the others give would draw something else. */
void other_streams(void)
{
    quell_sampler *sampler = guided_sampler();
    check_lists(sampler, rank ? 16 : 17, "rank 1: mpi: classes are given on rank 0 and not");
    check_lists(sampler, rank ? 19 : 17, "rank 1: mpi: negative_classes are given on rank 0 and");
    check_lists(sampler, rank ? 21 : 17, "rank 1: mpi: seeds are given on rank 0 and not on this");
    check_lists(sampler, rank ? 17 : 25, "rank 1: mpi: indices are given on rank 0 and not on");
    check_lists(sampler, rank ? 1 : 17, "rank 1: mpi: condition 'mean' is there for each sample");
    check_lists(sampler, rank ? 17 : 1, "rank 1: mpi: condition 'mean' is one for all samples");
    check_rows(sampler, rank ? 17 : 1, 1, "rank 1: mpi: condition 'mean' is one for all");
    check_rows(sampler, rank ? 49 : 33, 1, "rank 1: mpi: condition 'mean' is one for all");
    quell_sampler_free(sampler);
}
