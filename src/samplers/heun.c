/* SPDX-License-Identifier: MIT */
/* Heun's method with churn (Karras et al., 2206.00364, algorithm 2). With y = x / alpha and
 * sigma~ = sigma / alpha, after the churn (churn.c), from t to s:
 *
 *     d  = (y_t - mu) / sigma~_t,     y'  = y_t + (sigma~_s - sigma~_t) d
 *     d' = (y' - mu') / sigma~_s,     y_s = y_t + (sigma~_s - sigma~_t) (d + d') / 2
 *
 * and y_s = y' in a step to sigma_s = 0. As stages (stages.h): d' - d = (mu - mu') / sigma~_s, so
 * that mu' - mu has the weight (sigma~_t / sigma~_s - 1) / 2. Where that is more than 3/2,
 * of the 2 that the rule of long steps allows others (steady.h), y' is nearer to some Gaussians. */
#include "stages.h"
#include "base/maths.h"

void quell_heun(quell_plan *plan, const quell_point *t, const quell_point *s, bool steady)
{
    double h = quell_step_size(t, s), weight = quell_expm1(h) / 2;
    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    if (h == 0 || (steady && !quell_steady_stages(1, (double[]){weight / 0.75}))) {
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu);
    } else {
        quell_register_id other = QUELL_STAGE_DENOISE(plan, .t = t, .s = s, .mu = mu);
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu, .later = {{weight, other}});
        quell_plan_release(plan, other);
    }
    quell_plan_release(plan, mu);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        quell_point hat = quell_churn(plan, &grid[i], &grid[i + 1], steps, option);
        quell_heun(plan, &hat, &grid[i + 1], option[QUELL_CHURN_OPTIONS] != 0);
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
}

static const struct quell_option options[] = {QUELL_CHURN, QUELL_STEADY, {0}};

QUELL_FAMILY(heun) = {{.name = "heun",
                       .summary = "Heun's method; churn",
                       .source = "arXiv:2206.00364",
                       .order = 2,
                       .evaluations = 2,
                       .noise = QUELL_OPTIONALLY_STOCHASTIC,
                       .options = options,
                       .build = build,
                       .check = quell_churn_check},
                      {0}};
