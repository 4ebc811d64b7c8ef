/* SPDX-License-Identifier: MIT */
/* C's side of the test of quantising from Fortran: structs with 1, 2, 3, ... in their members, and
 * the file that Fortran must write too. */
#include <quell/quell.h>

#define POINTER(n) ((void *)(uintptr_t)(n))

size_t in_c_quantize_options(quell_quantize_options *options)
{
    *options = (quell_quantize_options){1,          2,          POINTER(3), POINTER(4), POINTER(5),
                                        POINTER(6), POINTER(7), POINTER(8), POINTER(9)};
    return sizeof *options;
}

size_t in_c_quantize_report(quell_quantize_report *report)
{
    *report = (quell_quantize_report){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    return sizeof *report;
}

size_t in_c_quantize_instruction(quell_quantize_instruction *instruction)
{
    *instruction =
        (quell_quantize_instruction){1, 2, POINTER(3), POINTER(4), 5, 6, 7, 8, POINTER(9)};
    return sizeof *instruction;
}

/* Quantises the rings in 10 steps of ddim, guided by these weights; or with all defaults. */
int in_c_quantize(int plain, const char *out, quell_quantize_report *report)
{
    const double times[] = {0, 1}, weights[] = {1, 3};
    const int32_t classes[] = {0, 1, 0, 1};
    quell_sampler_options sampling = quell_sampler_defaults();
    quell_guidance guidance = quell_guidance_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    quell_quantize_options options = quell_quantize_defaults();
    quell_quantized *made = NULL;
    sampling.steps = 10;
    guidance.points = 2, guidance.times = times, guidance.weights = weights;
    draw.count = 4, draw.classes = classes, draw.seed = 3;
    run.threads = 1;
    options.bound = 0.04, options.sampler = "ddim", options.schedule = "vp";
    options.sampling = &sampling, options.guidance = &guidance;
    options.draw = &draw, options.run = &run;
    *report = quell_quantize_report_init();
    int failed = quell_quantize(&made, "builtin:rings", out, plain ? NULL : &options) ||
                 quell_quantized_report(made, report);
    quell_quantized_free(made);
    return failed;
}
