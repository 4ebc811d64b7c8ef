/* SPDX-License-Identifier: MIT */
/* Draws the letter of class 10, "K" (A is 0), by the network that comes with quell, and prints it.
 */
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

static quell_status draw(const quell_model *model, float *x)
{
    const int32_t classes[] = {10};
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    options.steps = 12;
    draw.classes = classes;

    quell_status status = quell_schedule_create(&schedule, quell_model_schedule(model));
    if (!status)
        status = quell_sampler_create(&sampler, "dpmpp_2m", quell_model_denoiser(model), schedule,
                                      &options);
    if (!status) status = quell_sample(sampler, &draw, NULL, x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    return status;
}

static void print(const quell_model *model, const float *x)
{
    for (size_t row = 0; row < quell_model_shape(model)[0]; row++) {
        for (size_t column = 0; column < quell_model_shape(model)[1]; column++)
            putchar(x[row * quell_model_shape(model)[1] + column] > 0 ? '#' : '.');
        putchar('\n');
    }
}

int main(void)
{
    quell_model *model = NULL;
    quell_status status = quell_model_load(&model, "builtin:glyphs");
    float *x = status ? NULL : calloc(quell_denoiser_dim(quell_model_denoiser(model)), sizeof *x);
    if (x) status = draw(model, x);
    if (status)
        fprintf(stderr, "%s\n", quell_error_message());
    else if (x)
        print(model, x);
    int failed = status || !x;
    free(x);
    quell_model_free(model);
    return failed;
}
