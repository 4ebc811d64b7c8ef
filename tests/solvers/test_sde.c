/* SPDX-License-Identifier: MIT */
/* The stochastic solvers: which of them are members of other families, and every grid's ends. Their
 * orders are in tests/proof/order_cases.c. */
#include "doubles.h"
#include "effort.h"
#include "gaussian_law.h"
#include "harness.h"
#include "models.h"
#include "naive_key.h"
#include "strong.h"
#include "core/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The variance of x_0. */
static double variance(const char *spec, const quell_schedule *schedule, const quell_point *grid,
                       size_t steps)
{
    struct quell_plan plan = doubles_plan(spec, schedule, grid, steps, 0);
    struct moments data = {1, 0.3}, law = gaussian_law_plan(data, &plan, grid);
    quell_plan_free(&plan);
    return law.variance;
}

/* Names for one method. The laws agree to rounding. */
TEST(sde, relatives)
{
    static const char *const pairs[][2] = {
        {"dpmpp_sde:eta=0", "seeds2:eta=0"},
        {"dpmpp_sde", "seeds2"},
        {"dpmpp_sde:r=0.3", "seeds2:r=0.3"},
        {"dpmpp_2m_sde:eta=0,solver=heun", "sa_solver:tau=0,predictor_order=2,corrector_order=0"},
        {"dpmpp_2m_sde:solver=heun", "sa_solver:predictor_order=2,corrector_order=0"},
        {"dpmpp_3m_sde:eta=0.25", "sa_solver:tau=0.5,predictor_order=3,corrector_order=0"},
        {"ddim:eta=1", "sa_solver:predictor_order=1,corrector_order=0"},
        {"ddim", "sa_solver:predictor_order=1,corrector_order=0,tau=0"},
        {"ddim", "er_sde:order=1,scaler=ode"},
        {"ddim:eta=1", "er_sde:order=1,scaler=sde"},
        {"sa_solver:tau=0", "sa_solver:s_tmax=1e-9"},
        {"sa_solver:tau=0", "sa_solver:s_tmin=1e9"},
    };
    quell_schedule *schedule = must_schedule("cosine");
    quell_point *grid = doubles_grid("linear", schedule, 12);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        double a = variance(pairs[i][0], schedule, grid, 12);
        double b = variance(pairs[i][1], schedule, grid, 12);
        CHECK(fabs(a / b - 1) < 1e-12, "%s: %.17g; %s: %.17g", pairs[i][0], a, pairs[i][1], b);
    }
    free(grid);
    quell_schedule_free(schedule);
}

static int straight(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t;
    *sigma = t;
    return 0;
}

static const char *const all[] = {"dpmpp_sde",
                                  "dpmpp_sde:eta=0",
                                  "dpmpp_sde:r=1",
                                  "dpmpp_2m_sde",
                                  "dpmpp_2m_sde:eta=0",
                                  "dpmpp_2m_sde:eta=1e6,solver=heun",
                                  "dpmpp_3m_sde",
                                  "dpmpp_3m_sde:eta=0",
                                  "dpmpp_3m_sde:eta=1e6",
                                  "sa_solver",
                                  "sa_solver:tau=0",
                                  "sa_solver:tau=1e3,predictor_order=5,corrector_order=5",
                                  "sa_solver:s_tmax=5,s_tmin=0.2",
                                  "er_sde",
                                  "er_sde:scaler=ode",
                                  "er_sde:scaler=sde,formula=paper",
                                  "seeds2",
                                  "seeds2:eta=0,solver=phi_2",
                                  "seeds2:eta=1e6,r=1",
                                  "seeds3",
                                  "seeds3:eta=0",
                                  "seeds3:eta=1e6,r2=1"};

/* A plan of any length, whose law is finite; from alpha = 0, with few steps, near the data's. */
static void check_finite(const char *spec, const quell_schedule *schedule, const char *grid_spec,
                         size_t steps)
{
    struct moments data = {1, 0.5};
    for (int brownian = 0; brownian < 2; brownian++) {
        quell_point *grid = doubles_grid(grid_spec, schedule, steps);
        struct quell_plan plan = doubles_plan(spec, schedule, grid, steps, brownian);
        for (size_t i = 0; i < plan.count; i++)
            for (unsigned k = 0; k < plan.ops[i].terms + plan.ops[i].noises; k++)
                CHECK(isfinite(plan.ops[i].coefficient[k]), "%s, %s, T = %zu", spec, grid_spec,
                      steps);
        if (!brownian && steps < 1000) {
            struct moments law = gaussian_law_plan(data, &plan, grid);
            CHECK(fabs(law.mean - grid[steps].alpha) < 1e-9 && isfinite(law.variance),
                  "%s, %s, T = %zu: mean %g, variance %g", spec, grid_spec, steps, law.mean,
                  law.variance);
        }
        if (grid[steps].sigma == 0 && !plan.status) {
            const struct quell_op *last = &plan.ops[plan.count - 2];
            CHECK(last->noises == 0 && last->terms == 1 && last->coefficient[0] == 1,
                  "%s, T = %zu: the last step is not the last mean", spec, steps);
        }
        quell_plan_free(&plan);
        free(grid);
    }
}

TEST(sde, finite)
{
    static const char *const grids[] = {"linear", "linear:final=zero"};
    static const size_t steps[] = {1, 2, 3, 10, 1000};
    static const char *const names[] = {"vp", "ve", "cosine", "rectified"};
    for (size_t k = 0; k <= sizeof names / sizeof *names; k++) {
        quell_schedule *schedule = NULL;
        if (k)
            schedule = must_schedule(names[k - 1]);
        else
            MUST(quell_schedule_from_function(&schedule, straight, NULL, NULL));
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            for (size_t g = 0; g < 2; g++)
                for (size_t n = 0; n < sizeof steps / sizeof *steps; n++)
                    if (steps[n] < 1000 || its_turn(i, 5, k))
                        check_finite(all[i], schedule, grids[g], steps[n]);
        quell_schedule_free(schedule);
    }
}

/* A point twice: the step between does nothing, and what follows is as without it. */
TEST(sde, idle_steps)
{
    quell_schedule *schedule = must_schedule("cosine");
    quell_point *grid = doubles_grid("linear", schedule, 8), twice[10];
    memcpy(twice, grid, 5 * sizeof *twice);
    memcpy(twice + 5, grid + 4, 5 * sizeof *twice);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double a = variance(all[i], schedule, grid, 8), b = variance(all[i], schedule, twice, 9);
        int corrects = !strncmp(all[i], "sa_solver", 9); /* a correction is left out */
        CHECK(fabs(b / a - 1) < (corrects ? 0.1 : 1e-12), "%s: %.17g, not %.17g", all[i], b, a);
    }
    free(grid);
    quell_schedule_free(schedule);
}

/* From alpha = 0 the state says nothing of X: an ancestral step (2010.02502, eq. 12 and 16, as
 * abar_t goes to 0) is alpha_s m + sigma_s (sqrt(1 - eta^2) x / sigma_t + eta z). */
static void check_from_nothing(const char *spec, double eta)
{
    enum { COUNT = 300 };
    float x[COUNT], next[COUNT], z[1];
    double alpha_t, sigma_t, alpha, sigma;
    struct model model = model_new("isotropic", 1);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("beta_linear:zero_snr=yes");
    quell_sampler *sampler = must_sampler(spec, denoiser, schedule, 6);
    quell_draw draw = quell_draw_defaults();
    draw.seed = 4, draw.first = 3, draw.count = COUNT;
    MUST(quell_schedule_at(schedule, 1, &alpha_t, &sigma_t));
    MUST(quell_schedule_at(schedule, 0.8, &alpha, &sigma));
    CHECK(alpha_t == 0, "alpha is %g at the first point", alpha_t);
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    memcpy(next, x, sizeof x);
    MUST(quell_step(sampler, &draw, NULL, 1, 0.8, next));
    for (uint64_t i = 0; i < COUNT; i++) {
        MUST(quell_noise(naive_key(4, 1, 0.8), 0, 3 + i, 0, 1, z));
        double right = alpha * model.means[0] +
                       sigma * (sqrt(1 - eta * eta) * (double)x[i] / sigma_t + eta * (double)z[0]);
        CHECK(fabs((double)next[i] - right) < 2e-6 * (1 + fabs(right)), "%s: %.9g, not %.9g", spec,
              (double)next[i], right);
    }
    MUST(quell_sample_from(sampler, &draw, NULL, x));
    for (size_t i = 0; i < COUNT; i++) CHECK(isfinite(x[i]), "%s: sample %zu", spec, i);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}

TEST(sde, from_nothing)
{
    check_from_nothing("res_multistep:eta=0.6", 0.6);
    check_from_nothing("res_multistep:eta=1", 1);
}

TEST(sde, refuses)
{
    struct model model = model_new("diagonal", 3);
    quell_denoiser *denoiser = model_denoiser(&model);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = NULL;
    static const char *const bad[] = {"seeds3:r1=0.7",       "seeds3:r1=0.5,r2=0.5",
                                      "seeds2:r=0",          "dpmpp_sde:r=2",
                                      "er_sde:order=4",      "sa_solver:predictor_order=0",
                                      "sa_solver:tau=1e4",   "dpmpp_2m_sde:solver=euler",
                                      "dpmpp_3m_sde:eta=-1", "er_sde:scaler=2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(quell_sampler_create(&sampler, bad[i], denoiser, schedule, NULL) ==
                  QUELL_BAD_ARGUMENT,
              "%s was made", bad[i]);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    model_free(&model);
}
