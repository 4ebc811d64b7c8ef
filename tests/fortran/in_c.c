/* SPDX-License-Identifier: MIT */
/* C's side of the tests of the Fortran modules: structs with 1, 2, 3, ... in their members, and the
 * samples that Fortran must draw too. */
#include <quell/quell.h>
#include <string.h>

#define POINTER(n) ((void *)(uintptr_t)(n))
typedef void function(void);
#define FUNCTION(type, n) ((type *)(function *)(uintptr_t)(n))

size_t in_c_call(quell_call *call)
{
    *call = (quell_call){
        1, 2,           3,           4,           5,           6,           7,           8,
        9, POINTER(10), POINTER(11), POINTER(12), POINTER(13), POINTER(14), POINTER(15), 16};
    return sizeof *call;
}

size_t in_c_function_options(quell_function_options *options)
{
    *options = quell_function_defaults();
    options->size = 1;
    options->output = POINTER(2);
    options->precondition = POINTER(3);
    options->whole_batch = 4;
    options->reproducible = 5;
    options->variance = POINTER(6);
    memset(&options->release, 0, sizeof options->release);
    options->classes = 8;
    options->digest = 9;
    options->conditions = POINTER(10);
    options->condition_count = 11;
    return sizeof *options;
}

size_t in_c_guidance(quell_guidance *guidance)
{
    *guidance = (quell_guidance){1, 2, 3, 4, 5, POINTER(6), POINTER(7), 8};
    return sizeof *guidance;
}

size_t in_c_sampler_options(quell_sampler_options *options)
{
    *options =
        (quell_sampler_options){1,          2,           3,           4,  POINTER(5),  6,  7, 8,
                                POINTER(9), POINTER(10), POINTER(11), 12, POINTER(13), 14, 15};
    return sizeof *options;
}

size_t in_c_draw_options(quell_draw *draw)
{
    *draw =
        (quell_draw){1,          2, 3,           4,           POINTER(5), POINTER(6),  POINTER(7),
                     POINTER(8), 9, POINTER(10), POINTER(11), 12,         POINTER(13), 14};
    return sizeof *draw;
}

size_t in_c_run(quell_run *run)
{
    *run = (quell_run){1,
                       2,
                       FUNCTION(quell_parallel_fn, 3),
                       POINTER(4),
                       POINTER(5),
                       6,
                       FUNCTION(quell_progress_fn, 7),
                       POINTER(8),
                       FUNCTION(quell_observe_fn, 9),
                       POINTER(10)};
    return sizeof *run;
}

size_t in_c_entry(quell_entry *entry)
{
    *entry = (quell_entry){1, POINTER(2), POINTER(3), POINTER(4), 5, 6, 7, 8, 9, 10};
    return sizeof *entry;
}

size_t in_c_entry_alias(quell_entry_alias *alias)
{
    *alias = (quell_entry_alias){1, POINTER(2), POINTER(3)};
    return sizeof *alias;
}

size_t in_c_entry_option(quell_entry_option *option)
{
    *option =
        (quell_entry_option){1, POINTER(2), POINTER(3), QUELL_OPTION_CHOICE, 5, 6, 7, POINTER(8)};
    return sizeof *option;
}

size_t in_c_point(quell_point *point)
{
    *point = (quell_point){1, 2, 3, 4, 5};
    return sizeof *point;
}

size_t in_c_term(quell_term *term)
{
    *term = (quell_term){1, 2};
    return sizeof *term;
}

size_t in_c_noise_term(quell_noise_term *term)
{
    *term = (quell_noise_term){1, 2};
    return sizeof *term;
}

size_t in_c_operation(quell_operation *operation)
{
    *operation = (quell_operation){.size = 1,
                                   .kind = QUELL_OPERATION_STEP,
                                   .out = 3,
                                   .variance = 4,
                                   .apart = 5,
                                   .by_norms = 6,
                                   .spread_middle = 7,
                                   .terms = 8,
                                   .noises = 9,
                                   .t = {10, 0, 0, 0, 0},
                                   .s = {11, 0, 0, 0, 0}};
    operation->term[QUELL_MAX_TERMS - 1] = (quell_term){12, 13};
    operation->noise[QUELL_MAX_NOISES - 1] = (quell_operation_noise){14, 15, 16, 17, 18};
    return sizeof *operation;
}

static int halve(void *user, const quell_call *call, const float *x, float *mean)
{
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++) mean[i] = x[i] / 2;
    return 0;
}

/* x[count][3] as Fortran is to draw it: of a mixture, or of the function above. */
int in_c_draw(int own, size_t count, float *x)
{
    const double weights[] = {1, 3}, means[] = {-2, 0, 1, 2, 1, 0}, variances[] = {0.1, 0.2};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    options.steps = 6;
    options.grid = "karras";
    draw.seed = 7;
    draw.first = 100;
    draw.count = count;
    int failed = (own ? quell_denoiser_from_function(&denoiser, 3, halve, NULL, NULL)
                      : quell_denoiser_from_mixture(&denoiser, 2, 3, weights, means, variances)) ||
                 quell_schedule_create(&schedule, "cosine") ||
                 quell_sampler_create(&sampler, "ddim:eta=0.5", denoiser, schedule, &options) ||
                 quell_sample(sampler, &draw, NULL, x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return failed;
}
