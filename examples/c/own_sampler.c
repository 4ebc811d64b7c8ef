/* SPDX-License-Identifier: MIT */
/* A sampler and a denoiser of one's own.
 *
 * The sampler is a plan: Euler's step on the probability flow of x / alpha, written once for the
 * whole grid. The denoiser is a C function, called for a tile of samples at a time. */
#include <math.h>
#include <quell/quell.h>
#include <stdio.h>

/* E[X | x_t] for X = +1 or -1 in every element, each with probability 1/2:
 * tanh(alpha x_t / sigma^2). */
static int two_points(void *user, const quell_call *call, const float *x, float *mean)
{
    (void)user;
    double scale = call->alpha / (call->sigma * call->sigma);
    for (size_t i = 0; i < call->rows * call->dim; i++) mean[i] = (float)tanh(scale * x[i]);
    return 0;
}

static int euler(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) {
        quell_point t = grid[i], s = grid[i + 1];
        double r = s.sigma / t.sigma;
        quell_register_id x0 = quell_plan_denoise(plan, QUELL_STATE, &t);
        quell_term terms[] = {{r, QUELL_STATE}, {s.alpha - r * t.alpha, x0}};
        quell_plan_combine(plan, QUELL_STATE, 2, terms, 0, NULL);
        quell_plan_release(plan, x0);
        quell_plan_step(plan, &t, &s);
    }
    return 0;
}

int main(void)
{
    enum { COUNT = 4, DIM = 8 };
    static float x[COUNT][DIM];
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT;
    int failed =
        quell_denoiser_from_function(&denoiser, DIM, two_points, NULL, NULL) ||
        quell_schedule_create(&schedule, "cosine") ||
        quell_sampler_from_builder(&sampler, euler, NULL, NULL, denoiser, schedule, NULL) ||
        quell_sample(sampler, &draw, NULL, x[0]);
    if (failed) fprintf(stderr, "%s\n", quell_error_message());
    for (size_t i = 0; !failed && i < COUNT; i++)
        for (size_t e = 0; e < DIM; e++) printf("%+.3f%c", x[i][e], e + 1 < DIM ? ' ' : '\n');
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return failed;
}
