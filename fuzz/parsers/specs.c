/* SPDX-License-Identifier: MIT */
/* The specs of samplers, schedules, grids and parametrisations, one on each line, and a few steps
 * of the sampler that they make. */
#include "denoisers/parametrization.h"
#include "draw.h"
#include "input.h"

static void sample(const char *sampler, const char *schedule, const char *grid)
{
    quell_denoiser *denoiser = NULL;
    if (!quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1))
        draw(denoiser, sampler, schedule, grid);
    quell_denoiser_free(denoiser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[INPUT_LINES];
    struct quell_parametrization parametrization;
    input_lines(data, size, lines);
    (void)quell_parametrization_named(&parametrization, "input", lines[3], lines[4]);
    for (int i = 0; i < 3; i++)
        if (input_asks_much(lines[i], 4)) return 0;
    sample(lines[0], lines[1], lines[2]);
    return 0;
}
