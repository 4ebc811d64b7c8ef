/* SPDX-License-Identifier: MIT */
#include "strong.h"
#include "doubles.h"
#include "harness.h"
#include "models.h"
#include "core/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void posterior(void *user, const quell_point *t, const double *x, double *mu)
{
    model_denoise(user, t->alpha, t->sigma, x, mu);
}

quell_point *even_grid(const quell_schedule *schedule, double start, double stop, size_t steps)
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

/* x_0 of T steps, for `count` samples, in double. */
static void paths(const char *spec, const char *schedule_spec, struct model *model, size_t steps,
                  size_t count, double *x)
{
    quell_schedule *schedule = must_schedule(schedule_spec);
    quell_point *grid = even_grid(schedule, 1, 0, steps);
    struct quell_plan plan = doubles_plan(spec, schedule, grid, steps, 1);
    for (size_t i = 0; i < count; i++) {
        struct doubles doubles = {model->dim, posterior, model, 4, i, 0, 0};
        float start[8];
        MUST(quell_noise(4, QUELL_STREAM_INIT, i, 0, model->dim, start));
        for (size_t e = 0; e < model->dim; e++)
            x[i * model->dim + e] =
                (double)start[e] * sqrt(grid->alpha * grid->alpha + grid->sigma * grid->sigma);
        doubles_run(&doubles, &plan, x + i * model->dim);
    }
    quell_plan_free(&plan);
    free(grid);
    quell_schedule_free(schedule);
}

void check_strong(const char *spec, const char *schedule, const char *kind, double order)
{
    enum { COUNT = 16, DIM = 8, FIRST = 128, DOUBLINGS = 2 };
    struct model model = model_new(kind, DIM);
    double x[2][COUNT * DIM], before = 0, first = 0;
    paths(spec, schedule, &model, FIRST, COUNT, x[0]);
    for (size_t k = 0; k <= DOUBLINGS; k++) {
        before = 0;
        paths(spec, schedule, &model, (size_t)FIRST << (k + 1), COUNT, x[1]);
        for (size_t i = 0; i < COUNT * DIM; i++) before += fabs(x[1][i] - x[0][i]);
        memcpy(x[0], x[1], sizeof x[0]);
        if (k == 0) first = before;
    }
    double found = log2(first / before) / (double)DOUBLINGS;
    CHECK(found > order - 0.25, "%s, %s, %s: strong order %.2f, not %.2f; from %g to %g", spec,
          schedule, kind, found, order, first / (COUNT * DIM), before / (COUNT * DIM));
    model_free(&model);
}
