/* SPDX-License-Identifier: MIT */
/* Draws samples from a network that was exported to ONNX, and prints the mean of their elements. */
#include <quell/onnx.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 1000

static quell_status draw(const quell_model *model, float *x)
{
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    draw.seed = 7;
    draw.count = COUNT;
    quell_status status = quell_schedule_create(
        &schedule, *quell_model_schedule(model) ? quell_model_schedule(model) : "vp");
    if (!status)
        status =
            quell_sampler_create(&sampler, "dpmpp_2m", quell_model_denoiser(model), schedule, NULL);
    if (!status) status = quell_sample(sampler, &draw, NULL, x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    return status;
}

int main(int argc, char **argv)
{
    quell_model *model = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: exported NETWORK.onnx\n");
        return 2;
    }
    quell_status status = quell_model_from_onnx(&model, argv[1], NULL);
    size_t dim = status ? 0 : quell_denoiser_dim(quell_model_denoiser(model));
    float *x = calloc(COUNT, (dim + 1) * sizeof *x);
    if (!status && !x) status = quell_error_set(QUELL_NO_MEMORY, "no memory for the samples");
    if (!status) status = draw(model, x);
    for (size_t i = 0; i < dim && !status; i++) {
        double sum = 0;
        for (size_t n = 0; n < COUNT; n++) sum += (double)x[n * dim + i];
        printf("element %zu: mean %.2f\n", i, sum / COUNT);
    }
    if (status) fprintf(stderr, "%s\n", quell_error_message());
    free(x);
    quell_model_free(model);
    return status != QUELL_OK;
}
