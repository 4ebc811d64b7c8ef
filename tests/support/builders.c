/* SPDX-License-Identifier: MIT */
#include "builders.h"
#include "models.h"

int euler(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
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

quell_sampler *built(quell_build_fn *build, void *user, size_t steps)
{
    struct model model = model_new("isotropic", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("rectified");
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = steps;
    quell_sampler *sampler = NULL;
    quell_sampler_from_builder(&sampler, build, user, NULL, denoiser, schedule, &options);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    model_free(&model);
    return sampler;
}
