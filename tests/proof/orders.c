/* SPDX-License-Identifier: MIT */
#include "orders.h"
#include "doubles.h"
#include "harness.h"
#include "models.h"
#include "core/schedule.h"

#include <math.h>
#include <stdlib.h>

enum { POINTS = 9 }; /* coordinates, or starting points */

static quell_point *graded(const quell_schedule *schedule, size_t steps)
{
    quell_point *grid = calloc(steps + 1, sizeof *grid), first, last;
    MUST(quell_schedule_point(schedule, 1, &first));
    MUST(quell_schedule_point(schedule, 0, &last));
    double from = quell_lambda(&first), to = quell_lambda(&last);
    for (size_t i = 0; i <= steps; i++) {
        double tau = (double)i / (double)steps, lambda = from + (to - from) * tau * tau;
        MUST(quell_schedule_at_lambda(schedule, lambda, &grid[i]));
    }
    grid[0] = first;
    grid[steps] = last;
    return grid;
}

/* N(m, v) along coordinate e: variances from 1e-4 to 1e2. */
static double gaussian_mean(size_t e) { return 0.5 * (double)e - 1; }
static double gaussian_variance(size_t e) { return pow(10, 0.75 * (double)e - 4); }

/* The mixture in one dimension. */
static const double weights[3] = {0.5, 0.2, 0.3}, means[3] = {-1.5, 0.25, 2},
                    deviations[3] = {0.5, 0.3, 0.7};

static void denoise_gaussian(void *user, const quell_point *t, const double *x, double *mu)
{
    (void)user;
    for (size_t e = 0; e < POINTS; e++) {
        double m = gaussian_mean(e), v = gaussian_variance(e);
        mu[e] = m + t->alpha * v / (t->alpha * t->alpha * v + t->sigma * t->sigma) *
                        (x[e] - t->alpha * m);
    }
}

/* Each element of the state is a sample by itself. */
static void denoise_mixture(void *user, const quell_point *t, const double *x, double *mu)
{
    (void)user;
    for (size_t e = 0; e < POINTS; e++) {
        double logit[3], mean[3], largest = -INFINITY, total = 0, sum = 0;
        for (int k = 0; k < 3; k++) {
            double v = deviations[k] * deviations[k], away = x[e] - t->alpha * means[k];
            double spread = t->alpha * t->alpha * v + t->sigma * t->sigma;
            logit[k] = log(weights[k]) - 0.5 * (away * away / spread + log(spread));
            mean[k] = means[k] + t->alpha * v / spread * away;
            largest = fmax(largest, logit[k]);
        }
        for (int k = 0; k < 3; k++) {
            total += exp(logit[k] - largest);
            sum += exp(logit[k] - largest) * mean[k];
        }
        mu[e] = sum / total;
    }
}

/* The mass of the mixture at the point t on one side of x: below (side -1) or above (1). */
static double mass(const quell_point *t, double x, int side)
{
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        double spread = hypot(t->alpha * deviations[k], t->sigma);
        sum += weights[k] * erfc(side * (x - t->alpha * means[k]) / (spread * sqrt(2))) / 2;
    }
    return sum;
}

/* Returns the x_s with F_s(x_s) = F_t(x), by bisection in the lighter tail. */
static double flow_mixture(const quell_point *t, const quell_point *s, double x)
{
    int side = mass(t, x, 1) < 0.5 ? 1 : -1;
    double wanted = mass(t, x, side), low = -1e3, high = 1e3;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if ((mass(s, middle, side) > wanted) == (side > 0))
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct problem {
    const char *schedule;
    void (*denoise)(void *user, const quell_point *t, const double *x, double *mu);
    int mixture;
};

static const struct problem gaussian = {"vp:alpha_min=0.02,sigma_min=0.05", denoise_gaussian, 0};
static const struct problem mixture = {"ve:sigma_min=0.05,sigma_max=20", denoise_mixture, 1};

/* Returns how wide the law at t is, and where its middle is, for coordinate e. */
static double width(const struct problem *problem, const quell_point *t, size_t e)
{
    return hypot(t->sigma, t->alpha * (problem->mixture ? 1.7 : sqrt(gaussian_variance(e))));
}

static double middle(const struct problem *problem, const quell_point *t, size_t e)
{
    return problem->mixture ? 0 : t->alpha * gaussian_mean(e);
}

static double start(const struct problem *problem, const quell_point *t, size_t e)
{
    double z = problem->mixture ? 0.5 * (double)e - 1.9 : (double)(e % 3) - 1.3;
    return middle(problem, t, e) + z * width(problem, t, e);
}

static double exact(const struct problem *problem, const quell_point *t, const quell_point *s,
                    size_t e)
{
    double x = start(problem, t, e);
    if (problem->mixture) return flow_mixture(t, s, x);
    return middle(problem, s, e) +
           (x - middle(problem, t, e)) * width(problem, s, e) / width(problem, t, e);
}

/* The root mean square of the coordinates' relative errors. */
static double path_error(const struct problem *problem, const struct quell_plan *plan,
                         const quell_point *t, const quell_point *s, size_t *evaluations)
{
    struct doubles doubles = {POINTS, problem->denoise, NULL, 1, 0, 0, 0};
    double x[POINTS], sum = 0;
    for (size_t e = 0; e < POINTS; e++) x[e] = start(problem, t, e);
    doubles_run(&doubles, plan, x);
    for (size_t e = 0; e < POINTS; e++) {
        double off = (x[e] - exact(problem, t, s, e)) / width(problem, s, e);
        sum += off * off;
    }
    *evaluations = doubles.evaluations;
    return sqrt(sum / (double)POINTS);
}

static double law_error(const struct problem *problem, const struct quell_plan *plan,
                        const quell_point *t, const quell_point *s)
{
    double sum = 0;
    for (size_t e = 0; e < POINTS; e++) {
        double from = width(problem, t, e), to = width(problem, s, e);
        double mean = middle(problem, t, e), variance = from * from;
        order_law(plan, gaussian_mean(e), gaussian_variance(e), &mean, &variance);
        double off = (mean - middle(problem, s, e)) / to, ratio = variance / (to * to) - 1;
        sum += off * off + ratio * ratio;
    }
    return sqrt(sum / (double)POINTS);
}

static size_t evaluations_of(const struct quell_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) count += plan->ops[i].kind == QUELL_EVAL;
    return count;
}

static struct order_found measure(const struct order_case *of, const struct problem *problem)
{
    struct order_found found = {{0}, 0};
    quell_schedule *schedule = must_schedule(problem->schedule);
    for (size_t k = 0; k < ORDER_LENGTHS; k++) {
        size_t steps = (size_t)ORDER_FIRST << k, evaluations = 0;
        quell_point *grid = graded(schedule, steps);
        struct quell_plan plan = doubles_plan(of->spec, schedule, grid, steps, 0);
        found.error[k] = of->kind == ORDER_WEAK
                             ? law_error(problem, &plan, &grid[0], &grid[steps])
                             : path_error(problem, &plan, &grid[0], &grid[steps], &evaluations);
        found.evaluations = (double)evaluations_of(&plan) / (double)steps;
        quell_plan_free(&plan);
        free(grid);
    }
    quell_schedule_free(schedule);
    return found;
}

struct order_found order_gaussian(const struct order_case *of) { return measure(of, &gaussian); }
struct order_found order_mixture(const struct order_case *of) { return measure(of, &mixture); }

enum { MOST_SAMPLES = 40 };

/* x_0 of each sample with its own Brownian path: [samples][POINTS]. */
static void draw_strong(const struct order_case *of, const quell_schedule *schedule, size_t steps,
                        size_t samples, double *x)
{
    quell_point *grid = graded(schedule, steps);
    struct quell_plan plan = doubles_plan(of->spec, schedule, grid, steps, 1);
    struct doubles doubles = {POINTS, denoise_gaussian, NULL, 5, 0, 0, 0};
    for (size_t i = 0; i < samples; i++) {
        doubles.sample = i;
        for (size_t e = 0; e < POINTS; e++) x[POINTS * i + e] = start(&gaussian, &grid[0], e);
        doubles_run(&doubles, &plan, x + POINTS * i);
        for (size_t e = 0; e < POINTS; e++) x[POINTS * i + e] /= width(&gaussian, &grid[steps], e);
    }
    quell_plan_free(&plan);
    free(grid);
}

struct order_found order_strong(const struct order_case *of, size_t samples, size_t fine)
{
    struct order_found found = {{0}, 1};
    double exact[MOST_SAMPLES * POINTS], x[MOST_SAMPLES * POINTS];
    quell_schedule *schedule = must_schedule(gaussian.schedule);
    draw_strong(of, schedule, fine, samples, exact);
    for (size_t k = 0; k < ORDER_LENGTHS; k++) {
        draw_strong(of, schedule, (size_t)ORDER_FIRST << k, samples, x);
        double sum = 0;
        for (size_t i = 0; i < samples * POINTS; i++) sum += (x[i] - exact[i]) * (x[i] - exact[i]);
        found.error[k] = sqrt(sum / (double)(samples * POINTS));
    }
    quell_schedule_free(schedule);
    return found;
}

double order_between(const struct order_found *found, size_t k)
{
    const double *error = found->error;
    if (k == 0 || !(error[k - 1] > 2e-12 && error[k] > 2e-12)) return (double)NAN;
    return log2(error[k - 1] / error[k]);
}

double order_observed(const struct order_found *found)
{
    for (size_t k = ORDER_LENGTHS - 1; k > 0; k--)
        if (!isnan(order_between(found, k))) return order_between(found, k);
    return (double)NAN;
}

double order_observed_strong(const struct order_found *found)
{
    return log2(found->error[ORDER_LENGTHS - 4] / found->error[ORDER_LENGTHS - 1]) / 3;
}
