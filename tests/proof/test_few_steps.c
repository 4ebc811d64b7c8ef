/* SPDX-License-Identifier: MIT */
/* What few steps make of Gaussians, exactly: plans are linear there, and so the law of x_0 follows
 * from their coefficients. A denoiser whose output does not depend on x is taken exactly, as ddim
 * takes it; a method that did not would be off by a part of the mean, which may be far from 0. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"
#include "orders.h"
#include "twin_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const grids[] = {
    "linear", "karras", "exponential", "linear:final=zero", "karras:final=zero", "beta"};
static const size_t lengths[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30};

/* Whether a plan's operations are all linear: not adaptive steps, norms or a learned variance. */
static bool is_linear(const struct quell_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->ops[i].kind > QUELL_STEP) return false;
    return true;
}

/* For a schedule whose alpha is 0 nowhere: all of the grids go with it. */
static bool has_all_grids(const quell_schedule *schedule)
{
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
    return alpha > 0;
}

/* azula's formula, which takes no constant. */
static bool is_other(const char *spec) { return !strncmp(spec, "reab:", 5) && strstr(spec, "ref"); }

/* How far the mean of the samples is from 1, where 1 is all that the denoiser says. */
static double off_by(const char *spec, const quell_schedule *schedule, const char *grid,
                     size_t steps)
{
    quell_point *points = doubles_grid(grid, schedule, steps), t = points[0], s = points[steps];
    struct quell_plan plan = doubles_plan(spec, schedule, points, steps, 0);
    double mean = t.alpha, variance = t.sigma * t.sigma;
    if (is_linear(&plan)) order_law(&plan, 1, 0, &mean, &variance);
    double off = is_linear(&plan) ? fabs(mean / s.alpha - 1) : 0;
    quell_plan_free(&plan);
    free(points);
    return off;
}

TEST(few_steps, take_a_constant_exactly)
{
    size_t turn = 0, wrong = 0, stride = by_effort(101, 7, 1);
    for (size_t n = 0; schedule_name(n); n++) {
        quell_schedule *schedule = must_schedule(schedule_name(n));
        for (const struct twin_case *of = twin_cases; has_all_grids(schedule) && of->spec; of++)
            for (size_t k = 0; k < COUNT(grids) * COUNT(lengths); k++) {
                const char *grid = grids[k % COUNT(grids)];
                size_t steps = lengths[k / COUNT(grids)];
                if (turn++ % stride || is_other(of->spec)) continue;
                double off = off_by(of->spec, schedule, grid, steps);
                if (off < 1e-11) continue;
                if (wrong++ < 20)
                    fprintf(stderr, "%s, T = %zu, on %s, %s: off by %g of the mean\n", of->spec,
                            steps, schedule_name(n), grid, off);
            }
        quell_schedule_free(schedule);
    }
    CHECK(wrong == 0, "%zu plans do not take a constant exactly", wrong);
}
