/* SPDX-License-Identifier: MIT */
/* An ensemble over the ranks of MPI: each draws its part of one stream into its own memory, and all
 * together write ensemble.npy. What is printed, and the file, are the same for any number of ranks.
 */
#include <quell/mpi.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBERS 100000

static quell_status make_sampler(quell_sampler **sampler)
{
    static const double weights[] = {1, 3}, means[] = {-2, 0, 2, 1}, variances[] = {0.1, 0.2};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_status status = quell_denoiser_from_mixture(&denoiser, 2, 2, weights, means, variances);
    if (!status) status = quell_schedule_create(&schedule, "vp");
    if (!status) status = quell_sampler_create(sampler, "ddim:eta=0.5", denoiser, schedule, NULL);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return status;
}

/* Returns how many of the members in this rank's memory lie to the right of the middle. */
static quell_status count_right(const quell_sampler *sampler, const quell_draw *draw,
                                const quell_run *run, uint64_t *right)
{
    uint64_t skipped;
    size_t rows;
    quell_status status = quell_mpi_range(MPI_COMM_WORLD, draw->count, &skipped, &rows);
    if (status) return status;
    size_t dim = quell_sampler_dim(sampler);
    float *x = malloc((rows * dim + 1) * sizeof *x);
    if (!x) status = quell_error_set(QUELL_NO_MEMORY, "no memory for the ensemble");
    status = quell_mpi_agree(MPI_COMM_WORLD, status);
    if (!status) status = quell_mpi_sample(MPI_COMM_WORLD, sampler, draw, run, x);
    for (size_t i = 0; i < rows && !status; i++) *right += x[i * dim] > 0;
    free(x);
    return status;
}

int main(int argc, char **argv)
{
    int level, rank;
    uint64_t right = 0, all = 0;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    draw.seed = 7;
    draw.count = MEMBERS; /* of all ranks together */

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    quell_status status = quell_mpi_agree(MPI_COMM_WORLD, make_sampler(&sampler));
    if (!status) status = count_right(sampler, &draw, NULL, &right);
    if (!status)
        status = quell_mpi_save(MPI_COMM_WORLD, sampler, &draw, NULL, "ensemble.npy", 0, NULL);
    MPI_Reduce(&right, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    if (!rank && status) fprintf(stderr, "%s\n", quell_error_message());
    if (!rank && !status)
        printf("%llu of %d members are on the right\n", (unsigned long long)all, MEMBERS);
    quell_sampler_free(sampler);
    MPI_Finalize();
    return status != QUELL_OK;
}
