/* SPDX-License-Identifier: MIT */
/* The README's example: 100000 samples of a mixture of two Gaussians in the plane. */
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const double weights[] = {1, 3}, means[] = {-2, 0, 2, 1}, variances[] = {0.1, 0.2};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_run run = quell_run_defaults();
    run.seed = 7;
    run.count = 100000;
    float *x = malloc(run.count * 2 * sizeof *x);

    if (!x || quell_denoiser_mixture(&denoiser, 2, 2, weights, means, variances) ||
        quell_schedule_create(&schedule, "vp") ||
        quell_sampler_create(&sampler, "ddim:eta=0.5", denoiser, schedule, NULL) ||
        quell_init(sampler, &run, x) ||  /* x_1, almost pure noise */
        quell_forward(sampler, &run, x)) /* x_1 -> x_0, in place */
        fprintf(stderr, "%s\n", quell_error_message());
    else
        printf("the first sample: %.6f %.6f\n", x[0], x[1]);

    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    free(x);
}
