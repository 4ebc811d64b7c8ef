/* SPDX-License-Identifier: MIT */
/* Heun++ of ComfyUI: the slopes d at a point, d_1 at the next and d_2 at the one after, each
 * reached by Euler steps, mixed by weights that fall with sigma~ = sigma / alpha. With
 * y = x / alpha, after the churn (churn.c), from t = t_i to s = t_{i+1}:
 *
 *     y_s = y_t + (sigma~_s - sigma~_t) ((1 - w_1 - w_2) d + w_1 d_1 + w_2 d_2),
 *     w_1 = sigma~_{i+1} / (3 sigma~_0),   w_2 = sigma~_{i+2} / (3 sigma~_0),
 *
 * in the last step but one without d_2 and with 2 in place of 3, and in the last an Euler step, as
 * there. The weights sum to 1 and are those of no quadrature: it is of order 1. sigma~_0 is the
 * first one that is finite. There is no paper; published as MIT code by Carzit, 2023.
 *
 * As stages (stages.h): with D_k = mu_k - mu, d_1 = d - D_1 / sigma~_1 and
 * d_2 = d_1 - (D_2 - D_1) / sigma~_2, so that D_1 has the weight (sigma~_t / sigma~_s - 1) w_2 and
 * D_2 that times w_1. */
#include "stages.h"
#include "base/maths.h"

static void three(quell_plan *plan, const quell_point *t, const quell_point *s,
                  const quell_point *after, double first, quell_register_id mu,
                  quell_register_id mu1)
{
    double lambda = quell_lambda(s), beyond = quell_lambda(after), rise = quell_step_size(t, s);
    double w1 = quell_exp(first - lambda) / 3, w2 = quell_exp(first - beyond) / 3;
    quell_register_id mu2 = QUELL_STAGE_DENOISE(plan, .t = t, .s = after, .mu = mu,
                                                .later = {{-quell_expm1(lambda - beyond), mu1}});
    QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu,
                .later = {{quell_expm1(rise) * w2, mu1}, {quell_expm1(rise) * w1, mu2}});
    quell_plan_release(plan, mu2);
}

static void two(quell_plan *plan, const quell_point *t, const quell_point *s, double first,
                quell_register_id mu, quell_register_id mu1)
{
    double w1 = quell_exp(first - quell_lambda(s)) / 2;
    QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu,
                .later = {{quell_expm1(quell_step_size(t, s)) * w1, mu1}});
}

/* grid[i] -> grid[i + 1], the state at t = grid[i] or above it. first: lambda_0. */
static void step(quell_plan *plan, const quell_point *t, const quell_point *s, size_t left,
                 double first)
{
    quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
    if (left == 1 || quell_step_size(t, s) == 0) {
        QUELL_STAGE(plan, QUELL_STATE, .t = t, .s = s, .mu = mu);
    } else {
        quell_register_id mu1 = QUELL_STAGE_DENOISE(plan, .t = t, .s = s, .mu = mu);
        if (left == 2)
            two(plan, t, s, first, mu, mu1);
        else
            three(plan, t, s, s + 1, first, mu, mu1);
        quell_plan_release(plan, mu1);
    }
    quell_plan_release(plan, mu);
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    double first = quell_lambda(&grid[grid[0].alpha == 0]);
    for (size_t i = 0; i < steps; i++) {
        quell_point t = quell_churn(plan, &grid[i], &grid[i + 1], steps, option);
        step(plan, &t, &grid[i + 1], steps - i, first);
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
}

static const struct quell_option options[] = {QUELL_CHURN, {0}};

QUELL_FAMILY(heunpp2) = {{.name = "heunpp2",
                          .summary = "Heun++: slopes of three points, weighted by sigma; churn",
                          .source = "ComfyUI",
                          .order = 1,
                          .evaluations = 3,
                          .noise = QUELL_OPTIONALLY_STOCHASTIC,
                          .options = options,
                          .build = build,
                          .check = quell_churn_check},
                         {0}};
