/* SPDX-License-Identifier: MIT */
/* Conditions over MPI. */
#include "cases.h"

#include <string.h>

/* A mean that is the condition. */
static int tell(void *user, const quell_call *call, const float *input, float *output)
{
    const quell_condition *mean = call->conditions;
    (void)user, (void)input;
    for (size_t i = 0; i < call->rows * 2; i++)
        output[i] = mean->values[mean->count == 1 ? i % 2 : i];
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
        given.values = means, given.count = 1;
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
    quell_condition given = {"mean", mean, 1, 2};
    check_told(sampler, &given, 1, "mpi: the digest of condition 'mean' is");
    given.name = rank ? "mean" : "means";
    given.values = same;
    check_told(sampler, &given, 1, "mpi: the digest of condition 'mean");
    check_told(sampler, rank ? &given : NULL, rank != 0, "mpi: condition_count is 0 on one rank");
    given.name = "mean";
    given.count = 3;
    check_told(sampler, &given, 1, "mpi: condition 'mean' is there for 3 samples");
    quell_sampler_free(sampler);
}
