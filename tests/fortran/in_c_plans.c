/* SPDX-License-Identifier: MIT */
/* C's side of the tests of plans: a builder that uses every operation, which Fortran's must equal.
 */
#include <quell/quell.h>

static int build(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) {
        quell_point t = grid[i], s = grid[i + 1];
        quell_point middle = quell_plan_at_lambda(plan, (quell_lambda(&t) + quell_lambda(&s)) / 2);
        quell_point half = quell_plan_at(plan, (t.t + s.t) / 2);
        quell_register_id v = 0, mean = quell_plan_denoise_variance(plan, QUELL_STATE, &t, &v);
        quell_register_id eps = quell_plan_register(plan);
        quell_term left[] = {{1, QUELL_STATE}, {-middle.alpha, mean}};
        quell_plan_combine(plan, eps, 2, left, 0, NULL);
        quell_noise_term pushed = {0.25, quell_plan_noise(plan, 0, &t, &s)};
        quell_plan_langevin(plan, QUELL_STATE, eps, -0.125, pushed);
        quell_register_id again = quell_plan_denoise(plan, QUELL_STATE, &half);
        quell_term terms[] = {{0.5, QUELL_STATE}, {0.25, mean}, {0.125, again}};
        quell_noise_term noises[] = {{0.0625, quell_plan_noise_piece(plan, 1, &t, &middle)},
                                     {0.5, quell_plan_noise(plan, 3, &half, &s)}};
        quell_plan_combine(plan, QUELL_STATE, 3, terms, 2, noises);
        quell_plan_spread(plan, QUELL_STATE, v, -5, -3, quell_plan_noise(plan, 2, &t, &s));
        quell_plan_release(plan, again);
        quell_plan_release(plan, eps);
        quell_plan_release(plan, v);
        quell_plan_release(plan, mean);
        quell_plan_step(plan, &t, &s);
    }
    return 0;
}

static int learned(void *user, const quell_call *call, const float *x, float *mean)
{
    (void)user;
    for (size_t i = 0; i < call->rows * call->dim; i++) mean[i] = x[i] / 2;
    if (call->variance)
        for (size_t i = 0; i < call->rows * call->dim; i++)
            call->variance[i] = x[i] > 0 ? 0.5f : -1;
    return 0;
}

/* x[count][3] by that plan, and its text. */
int in_c_plan(int brownian, size_t count, float *x, size_t size, char *text)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_function_options callback = quell_function_defaults();
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    callback.variance = "learned_range";
    options.steps = 6;
    options.brownian = brownian;
    draw.seed = 7;
    draw.count = count;
    int failed =
        quell_denoiser_from_function(&denoiser, 3, learned, NULL, &callback) ||
        quell_schedule_create(&schedule, "cosine") ||
        quell_sampler_from_builder(&sampler, build, NULL, NULL, denoiser, schedule, &options) ||
        quell_sampler_print(sampler, text, size) >= size || quell_sample(sampler, &draw, NULL, x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return failed;
}
