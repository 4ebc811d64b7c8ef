/* SPDX-License-Identifier: MIT */
/* The stochastic solvers. */
#include "doubles.h"
#include "gaussian_law.h"
#include "harness.h"
#include "models.h"
#include "core/schedule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points at equal distances in lambda between two times. */
static quell_point *even_grid(const quell_schedule *schedule, double start, double stop,
                              size_t steps)
{
    quell_point *grid = calloc(steps + 1, sizeof *grid);
    MUST(quell_schedule_point(schedule, start, &grid[0]));
    MUST(quell_schedule_point(schedule, stop, &grid[steps]));
    double first = quell_lambda(&grid[0]), last = quell_lambda(&grid[steps]);
    for (size_t i = 1; i < steps; i++)
        MUST(quell_schedule_at_lambda(schedule, first + (last - first) * (double)i / (double)steps,
                                      &grid[i]));
    return grid;
}

static struct moments errors(const char *spec, const quell_schedule *schedule, size_t steps,
                             double variance)
{
    struct moments data = {1, variance};
    quell_point *grid = even_grid(schedule, 0.95, 0.05, steps);
    struct quell_plan plan = doubles_plan(spec, schedule, grid, steps, 0);
    struct moments exact = gaussian_law(data, &grid[steps]);
    struct moments found = gaussian_law_plan(data, &plan, grid);
    quell_plan_free(&plan);
    free(grid);
    return (struct moments){found.mean - exact.mean, found.variance - exact.variance};
}

TEST(sde, show)
{
    static const char *const specs[] = {"dpmpp_sde:eta=0",
                                        "dpmpp_sde:eta=0.5",
                                        "dpmpp_sde",
                                        "dpmpp_sde:r=0.7",
                                        "dpmpp_sde:r=1",
                                        "dpmpp_2m_sde:eta=0",
                                        "dpmpp_2m_sde:eta=0.5",
                                        "dpmpp_2m_sde",
                                        "dpmpp_2m_sde:eta=2",
                                        "dpmpp_2m_sde:solver=heun",
                                        "dpmpp_2m_sde:eta=0,solver=heun",
                                        "dpmpp_3m_sde:eta=0",
                                        "dpmpp_3m_sde:eta=0,reference=1",
                                        "dpmpp_3m_sde:eta=0.5",
                                        "dpmpp_3m_sde",
                                        "dpmpp_3m_sde:reference=1",
                                        "sa_solver:eta=0",
                                        "sa_solver:eta=0,predictor_order=1,corrector_order=0",
                                        "sa_solver:eta=0,predictor_order=2,corrector_order=0",
                                        "sa_solver:eta=0,predictor_order=3,corrector_order=0",
                                        "sa_solver:eta=0,predictor_order=2,corrector_order=2",
                                        "sa_solver:eta=0,predictor_order=1,corrector_order=1",
                                        "sa_solver:eta=0,predictor_order=4,corrector_order=5",
                                        "sa_solver:eta=0.5",
                                        "sa_solver",
                                        "sa_solver:predictor_order=1,corrector_order=1",
                                        "sa_solver:predictor_order=2,corrector_order=2",
                                        "sa_solver:predictor_order=3,corrector_order=0",
                                        "er_sde:stage=1",
                                        "er_sde:stage=2",
                                        "er_sde",
                                        "er_sde:scaler=ode,stage=1",
                                        "er_sde:scaler=ode,stage=2",
                                        "er_sde:scaler=ode",
                                        "er_sde:scaler=ode,reference=1",
                                        "er_sde:scaler=sde",
                                        "er_sde:reference=1",
                                        "seeds2:eta=0",
                                        "seeds2:eta=0.5",
                                        "seeds2",
                                        "seeds2:r=0.7",
                                        "seeds2:solver=phi_2",
                                        "seeds2:eta=0,solver=phi_2",
                                        "seeds3:eta=0",
                                        "seeds3:eta=0.5",
                                        "seeds3"};
    quell_schedule *schedule = must_schedule("cosine");
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        fprintf(stderr, "%-50s", specs[i]);
        struct moments last = {0, 0};
        for (size_t steps = 32; steps <= 512; steps *= 2) {
            struct moments e = errors(specs[i], schedule, steps, 0.25);
            fprintf(stderr, " %9.2e", e.variance);
            if (steps > 32) fprintf(stderr, " (%.2f)", log2(fabs(last.variance / e.variance)));
            last = e;
        }
        fprintf(stderr, "\n");
    }
    quell_schedule_free(schedule);
}
