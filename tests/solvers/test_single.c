/* SPDX-License-Identifier: MIT */
/* Samplers that take one step at a time, in double, on a Gaussian of independent elements, whose
 * probability flow is known:
 *
 *     x_0 = alpha_0 m + r (x_1 - alpha_1 m),
 *     r   = sqrt((alpha_0^2 v + sigma_0^2) / (alpha_1^2 v + sigma_1^2)). */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "../proof/orders.h"
#include "samplers/method.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 5 };
static const double means[DIM] = {0, 1, -2, 0.5, -0.25}, variances[DIM] = {1, 0.3, 2, 0.05, 0.7};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void denoise(void *user, const quell_point *t, const double *x, double *mu)
{
    (void)user;
    for (size_t e = 0; e < DIM; e++) {
        double spread = t->alpha * t->alpha * variances[e] + t->sigma * t->sigma;
        mu[e] = means[e] + t->alpha * variances[e] / spread * (x[e] - t->alpha * means[e]);
    }
}

/* Where the flow takes x from t to s. */
static void flow(const quell_point *t, const quell_point *s, double *x)
{
    for (size_t e = 0; e < DIM; e++) {
        double from = t->alpha * t->alpha * variances[e] + t->sigma * t->sigma;
        double to = s->alpha * s->alpha * variances[e] + s->sigma * s->sigma;
        x[e] = s->alpha * means[e] + sqrt(to / from) * (x[e] - t->alpha * means[e]);
    }
}

/* alpha = 0 at t = 1 */
static int straight(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t, *sigma = t;
    return 0;
}

static const char *const schedules[] = {"vp", "ve", "cosine", "rectified", "straight"};
static const char *const grids[] = {"linear:final=min", "linear:final=zero"};

/* Its sigma is 0 at t = 0 already. */
static int paired(const char *schedule, const char *grid)
{
    return strcmp(schedule, "straight") || !strstr(grid, "zero");
}

static quell_schedule *schedule_of(const char *spec)
{
    if (strcmp(spec, "straight")) return must_schedule(spec);
    quell_schedule *schedule;
    MUST(quell_schedule_from_function(&schedule, straight, NULL, NULL));
    return schedule;
}

/* x_0 by the sampler, from one x_1; returns the points for the caller to free. */
static quell_point *solve(const char *spec, const quell_schedule *schedule, const char *grid,
                          size_t steps, double *x)
{
    quell_point *points = doubles_grid(grid, schedule, steps);
    struct doubles doubles = {DIM, denoise, NULL, 7, 3, 0, 0};
    struct quell_plan plan = doubles_plan(spec, schedule, points, steps, 0);
    for (size_t e = 0; e < DIM; e++)
        x[e] = hypot(points[0].alpha, points[0].sigma) * (0.7 * (double)e - 1);
    doubles_run(&doubles, &plan, x);
    quell_plan_free(&plan);
    return points;
}

/* Against the flow. A last step to sigma = 0 is the mean, in every method: it is here, too. */
static double error_of(const char *spec, const quell_schedule *schedule, const char *grid,
                       size_t steps)
{
    double x[DIM], exact[DIM], worst = 0;
    quell_point *points = solve(spec, schedule, grid, steps, x);
    for (size_t e = 0; e < DIM; e++)
        exact[e] = hypot(points[0].alpha, points[0].sigma) * (0.7 * (double)e - 1);
    int zero = points[steps].sigma == 0;
    quell_point *last = &points[zero ? steps - 1 : steps];
    flow(&points[0], last, exact);
    if (zero) {
        double mu[DIM];
        denoise(NULL, last, exact, mu);
        memcpy(exact, mu, sizeof mu);
    }
    for (size_t e = 0; e < DIM; e++) worst = fmax(worst, fabs(x[e] - exact[e]));
    free(points);
    return worst;
}

/* Deterministic methods, as tests/proof/order_cases.c names them. */
static const char *const ordered[] = {
    "euler",
    "heun",
    "dpm2",
    "heunpp2",
    "euler_a:eta=0",
    "dpm2_a:eta=0",
    "dpmpp_2s_a:eta=0",
    "ito:eta=0",
    "tcd:gamma=0",
    "restart:restarts=0",
    "res_2s",
    "res_2s:r=0.7",
    "res_2s:r=1",
    "dpm_single:order=1",
    "dpm_single:order=2",
    "dpm_single",
    "dpm_single:order=2,prediction=x0",
    "dpm_single:order=3,prediction=x0",
};

/* Adds steady=no to a spec, if its sampler has that option. */
static void without_the_rule(const char *spec, char *out, size_t size)
{
    bool none = !strncmp(spec, "euler", 5) || !strncmp(spec, "tcd", 3) || !strcmp(spec, "heunpp2");
    snprintf(out, size, "%s%s", spec, none ? "" : strchr(spec, ':') ? ",steady=no" : ":steady=no");
}

/* The claimed order is also that on the schedules and grids of ordinary runs, with 320 and 640
 * steps: few enough for errors that are not rounding errors, and enough for the order to show. The
 * rule of long steps is left out, because near sigma_min some steps are still too long for it. A
 * step from alpha = 0 or to sigma = 0 is of the first order, so the whole is of the second. */
static void check_order(const char *spec, const char *name, const char *grid)
{
    char whole[80];
    without_the_rule(spec, whole, sizeof whole);
    quell_schedule *schedule = schedule_of(name);
    double coarse = error_of(whole, schedule, grid, 320);
    double fine = error_of(whole, schedule, grid, 640), order = log2(coarse / fine);
    double due = order_claimed(spec);
    if (due > 2 && !strcmp(name, "straight")) due = 2;
    CHECK(order > due - 0.3 && order < due + 0.5,
          "%s, %s, %s: errors %g and %g, order %.2f, not %g", whole, name, grid, coarse, fine,
          order, due);
    quell_schedule_free(schedule);
}

TEST(single, orders)
{
    for (size_t k = 0; k < COUNT(ordered); k++)
        for (size_t i = 0; i < COUNT(schedules); i++)
            for (size_t j = 0; j < COUNT(grids); j++)
                if (paired(schedules[i], grids[j])) check_order(ordered[k], schedules[i], grids[j]);
}

/* One of each method, and options that change its steps. */
static const char *const specs[] = {"euler",
                                    "euler:s_churn=40",
                                    "euler:s_churn=5,s_tmin=0.1,s_tmax=10",
                                    "heun",
                                    "heun:s_churn=40",
                                    "dpm2",
                                    "dpm2:s_churn=40",
                                    "heunpp2",
                                    "heunpp2:s_churn=40",
                                    "euler_a",
                                    "euler_a:form=rf",
                                    "euler_a:form=rf,eta=1000",
                                    "euler_a:eta=0.5,s_noise=1.1",
                                    "dpm2_a",
                                    "dpm2_a:eta=0.3",
                                    "dpmpp_2s_a",
                                    "dpmpp_2s_a:eta=0.3",
                                    "ito",
                                    "ito:eta=0.5,temperature=2",
                                    "ito:eta=0",
                                    "dpm_single",
                                    "dpm_single:order=2",
                                    "dpm_single:prediction=x0",
                                    "dpmpp_2s",
                                    "dpm_fast",
                                    "dpm_single:fast=yes,order=2",
                                    "res_2s",
                                    "res_2s:r=1",
                                    "restart",
                                    "restart:restarts=3,inner=1",
                                    "restart:s_tmin=1e-5,s_tmax=1e5,restarts=8,inner=20",
                                    "lcm",
                                    "tcd",
                                    "tcd:gamma=0",
                                    "tcd:gamma=1",
                                    "consistency",
                                    "consistency:sigma_min=0.5"};

TEST(single, finite)
{
    static const size_t lengths[] = {1, 2, 3, 10, 1000};
    for (size_t k = 0; k < COUNT(specs); k++)
        for (size_t i = 0; i < COUNT(schedules); i++)
            for (size_t j = 0; j < COUNT(grids) * COUNT(lengths); j++) {
                size_t steps = lengths[j / 2];
                if (!paired(schedules[i], grids[j % 2])) continue;
                if (steps == 1000 && !its_turn(k, 5, i)) continue;
                quell_schedule *schedule = schedule_of(schedules[i]);
                double x[DIM];
                free(solve(specs[k], schedule, grids[j % 2], steps, x));
                for (size_t e = 0; e < DIM; e++)
                    CHECK(isfinite(x[e]) && (fabs(x[e]) < 1e30), "%s, %s, %s, T = %zu: %g",
                          specs[k], schedules[i], grids[j % 2], steps, x[e]);
                quell_schedule_free(schedule);
            }
}

/* The same plan to the last operation. */
static void check_same(const char *spec, const char *other)
{
    quell_schedule *schedule = must_schedule("vp");
    for (size_t j = 0; j < COUNT(grids); j++) {
        double x[DIM], y[DIM];
        free(solve(spec, schedule, grids[j], 10, x));
        free(solve(other, schedule, grids[j], 10, y));
        for (size_t e = 0; e < DIM; e++)
            CHECK(fabs(x[e] - y[e]) < 1e-13, "%s: %g, %s: %g", spec, x[e], other, y[e]);
    }
    quell_schedule_free(schedule);
}

TEST(single, equal)
{
    check_same("euler", "ddim");
    check_same("dpm_single:order=1", "ddim");
    check_same("ito:eta=0", "ddim");
    check_same("tcd:gamma=0", "ddim");
    check_same("euler_a", "ddim:eta=1");
    check_same("euler_a:eta=0.5", "ddim:eta=0.5");
    check_same("dpm2", "dpm_single:order=2");
    check_same("dpm2_a:eta=0", "dpm2");
    check_same("dpmpp_2s_a:eta=0", "dpmpp_2s");
    check_same("restart:restarts=0", "heun");
    check_same("dpm_fast", "dpm_single:fast=yes,prediction=eps");
}

/* E[X | X + sigma~ Z = y] of one element. */
static double mean_at(size_t e, double sigma, double y)
{
    const quell_point point = {0, 1, sigma, 0, 0};
    double x[DIM] = {0}, mu[DIM];
    x[e] = y;
    denoise(NULL, &point, x, mu);
    return mu[e];
}

static double eps_at(size_t e, double sigma, double y)
{
    return (y - mean_at(e, sigma, y)) / sigma;
}

/* Third order, as the papers write it (2206.00927, algorithm 2; 2211.01095's with mu), for
 * alpha = 1, sigma from `from` to `to`. */
static double third_eps(size_t e, double y, double from, double to)
{
    double h = log(from / to), one = from * exp(-h / 3), two = from * exp(-2 * h / 3);
    double first = eps_at(e, from, y);
    double u = y - one * expm1(h / 3) * first;
    double d1 = eps_at(e, one, u) - first;
    u = y - two * expm1(2 * h / 3) * first - two * 2 * (expm1(2 * h / 3) / (2 * h / 3) - 1) * d1;
    double d2 = eps_at(e, two, u) - first;
    return y - to * expm1(h) * first - to / (2.0 / 3) * (expm1(h) / h - 1) * d2;
}

static double third_mu(size_t e, double y, double from, double to)
{
    double h = log(from / to), one = from * exp(-h / 3), two = from * exp(-2 * h / 3);
    double first = mean_at(e, from, y);
    double u = one / from * y - expm1(-h / 3) * first;
    double d1 = mean_at(e, one, u) - first;
    u = two / from * y - expm1(-2 * h / 3) * first + 2 * (expm1(-2 * h / 3) / (2 * h / 3) + 1) * d1;
    double d2 = mean_at(e, two, u) - first;
    return to / from * y - expm1(-h) * first + (expm1(-h) / h + 1) / (2.0 / 3) * d2;
}

TEST(single, third)
{
    quell_schedule *schedule = must_schedule("cosine");
    for (int prediction = 0; prediction < 2; prediction++) {
        const char *spec =
            prediction ? "dpm_single:prediction=x0,steady=no" : "dpm_single:steady=no";
        double x[DIM];
        quell_point *points = solve(spec, schedule, "linear:final=min", 7, x);
        for (size_t e = 0; e < DIM; e++) {
            double y = hypot(points[0].alpha, points[0].sigma) * (0.7 * (double)e - 1);
            y /= points[0].alpha;
            for (size_t i = 0; i < 7; i++) {
                double from = points[i].sigma / points[i].alpha;
                double to = points[i + 1].sigma / points[i + 1].alpha;
                y = prediction ? third_mu(e, y, from, to) : third_eps(e, y, from, to);
            }
            y *= points[7].alpha;
            CHECK(fabs(x[e] - y) < 1e-9, "%s: %.15g, not %.15g", spec, x[e], y);
        }
        free(points);
    }
    quell_schedule_free(schedule);
}

static size_t evaluations(const char *spec, const char *along, const char *grid, size_t steps)
{
    quell_schedule *schedule = must_schedule(along);
    quell_point *points = doubles_grid(grid, schedule, steps);
    struct quell_plan plan = doubles_plan(spec, schedule, points, steps, 0);
    size_t count = 0;
    for (size_t i = 0; i < plan.count; i++) count += plan.ops[i].kind == QUELL_EVAL;
    quell_plan_free(&plan);
    free(points);
    quell_schedule_free(schedule);
    return count;
}

TEST(single, evaluations)
{
    static const struct {
        const char *spec, *grid;
        size_t steps, count;
    } rows[] = {
        {"heun:steady=no", "linear:final=min", 5, 10},
        {"heun:steady=no", "linear:final=zero", 5, 9},
        {"dpm2_a:steady=no", "linear:final=zero", 5, 9},
        {"heunpp2", "linear:final=zero", 5, 12},
        {"heunpp2", "linear:final=min", 1, 1},
        {"dpm_single:steady=no", "linear:final=min", 5, 15},
        {"dpm_fast:steady=no", "linear:final=min", 5, 12},
        {"dpm_fast:steady=no", "linear:final=min", 1, 1},
        {"restart:steady=no", "linear:final=min", 10, 20 + 18},
        {"restart:steady=no", "linear:final=zero", 10, 19 + 18},
        {"restart:restarts=3,inner=4,steady=no", "linear:final=min", 10, 20 + 24},
        {"restart:steady=no", "linear:final=min", 1, 2 + 18},
        {"restart:steady=no", "linear:final=zero", 1,
         2 + 18 + 1}, /* stops at s_tmin on its way to 0 */
        {"restart:s_tmin=1e-4,steady=no", "linear:final=min", 10, 20},
        {"restart:s_tmin=1e-4,steady=no", "linear:final=zero", 10,
         19 + 18}, /* before the last step */
        {"restart:s_tmin=2e3,s_tmax=3e3,steady=no", "linear:final=min", 10, 20},
        {"heun", "linear:final=min", 5, 5}, /* every step is too long */
        {"heun", "linear:final=min", 10, 20},
        {"dpm_single", "linear:final=min", 5, 5},
        {"dpm_single", "linear:final=min", 7, 21},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t count = evaluations(rows[i].spec, "ve", rows[i].grid, rows[i].steps);
        CHECK(count == rows[i].count, "%s, %s, T = %zu: %zu, not %zu", rows[i].spec, rows[i].grid,
              rows[i].steps, count, rows[i].count);
    }
}

/* Schedules that end above restart's s_tmin of 0.1, at which no step would be. */
TEST(single, restart_at_the_end)
{
    static const char *const ends[] = {"ve:sigma_min=0.3", "edm:sigma_min=0.3", "beta_exp",
                                       "beta_laplace"};
    static const char *const finals[] = {"linear:final=min", "linear:final=zero"};
    for (size_t i = 0; i < COUNT(ends) * COUNT(finals); i++) {
        const char *along = ends[i / COUNT(finals)], *grid = finals[i % COUNT(finals)];
        size_t heun = evaluations("heun:steady=no", along, grid, 10);
        size_t count = evaluations("restart:steady=no", along, grid, 10);
        CHECK(count == heun + 18, "%s, %s: %zu beside heun's %zu", along, grid, count, heun);
    }
}

TEST(single, refused)
{
    quell_schedule *schedule = must_schedule("vp");
    const struct quell_method *method;
    double option[QUELL_MAX_OPTIONS];
    MUST(quell_method_read("restart:s_tmin=2,s_tmax=2", &method, option));
    quell_point *points = doubles_grid("linear:final=min", schedule, 4);
    struct quell_plan plan = quell_plan_begin(schedule);
    method->build(&plan, points, 4, option);
    CHECK(plan.status == QUELL_BAD_ARGUMENT && strstr(quell_error_message(), "s_tmin"), "%s",
          quell_error_message());
    quell_plan_free(&plan);
    CHECK(quell_method_read("restart:restarts=9", &method, option) == QUELL_BAD_ARGUMENT, "9");
    CHECK(quell_method_read("dpm_single:order=4", &method, option) == QUELL_BAD_ARGUMENT, "4");
    CHECK(quell_method_read("tcd:gamma=1.5", &method, option) == QUELL_BAD_ARGUMENT, "gamma");
    CHECK(quell_method_read("euler:s_tmax=inf", &method, option) == QUELL_OK, "s_tmax");
    free(points);
    quell_schedule_free(schedule);
}
