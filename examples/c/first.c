/* SPDX-License-Identifier: MIT */
#include <quell/quell.h>
#include <stdio.h>

int main(void)
{
    static float x[100000][2]; /* samples in the plane */
    const double weights[] = {1, 3}, means[] = {-2, 0, 2, 1}, variances[] = {0.1, 0.2};
    quell_denoiser *denoiser = NULL; /* of a mixture: 2 components, 2 elements */
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    draw.seed = 7;
    draw.count = 100000;

    int failed = quell_denoiser_from_mixture(&denoiser, 2, 2, weights, means, variances) ||
                 quell_schedule_create(&schedule, "vp") ||
                 quell_sampler_create(&sampler, "ddim:eta=0.5", denoiser, schedule, NULL) ||
                 quell_sample(sampler, &draw, NULL, x[0]);
    if (failed)
        fprintf(stderr, "%s\n", quell_error_message());
    else
        printf("the last sample: %.6f %.6f\n", x[99999][0], x[99999][1]);

    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return failed;
}
