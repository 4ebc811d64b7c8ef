/* SPDX-License-Identifier: MIT */
/* What test_twins.c and test_orders.c do not show of multistep samplers: the digits of their
 * weights, what peers' slips cost, and grids with singular ends or with a point twice. */
#include "doubles.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "orders.h"
#include "twins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A method's weights: alpha_s f_j's share is the integral of weight(tau, s) l_j(tau) from tau(t) to
 * tau(s). first: the term of the step's combination that weights[skip] is. */
struct rule {
    const char *spec;
    long double (*tau)(long double log_alpha, long double log_sigma);
    long double (*weight)(long double tau, long double log_alpha, long double log_sigma);
    size_t first, skip;
};

static long double ratio(long double a, long double b) { return expl(b - a); }
static long double straight(long double a, long double b) { return 1 / (1 + expl(a - b)); }
static long double lambda_of(long double a, long double b) { return a - b; }

static long double of_ratio(long double u, long double a, long double b)
{
    (void)u, (void)b;
    return expl(a);
}
static long double of_straight(long double u, long double a, long double b)
{
    (void)u;
    return expl(a) + expl(b);
}
static long double of_noise(long double l, long double a, long double b)
{
    (void)b;
    return -expl(a - l);
}
static long double of_data(long double l, long double a, long double b)
{
    (void)a;
    return expl(b + l);
}
static long double of_turn(long double r, long double a, long double b)
{
    return hypotl(expl(a), expl(b)) / powl(1 + r * r, 1.5L);
}

/* The integral for output j of the four at grid[i - 3..i], in long double from the points' own
 * logarithms: Gauss's rule of five points, on four panels. */
static long double weight_of(const struct rule *rule, const quell_point *grid, size_t i, size_t j)
{
    static const long double root[3] = {0, 0.538469310105683091036L, 0.906179845938663992798L};
    static const long double part[3] = {0.568888888888888888889L, 0.478628670499366468041L,
                                        0.236926885056189087514L};
    long double at[5], sum = 0, log_alpha = grid[i + 1].log_alpha,
                       log_sigma = grid[i + 1].log_sigma;
    for (size_t k = 0; k < 5; k++)
        at[k] = rule->tau(grid[i + 1 - k].log_alpha, grid[i + 1 - k].log_sigma);
    long double half = (at[0] - at[1]) / 8;
    for (int n = 0; n < 4 * 5; n++) {
        int k = n % 5 - 2;
        long double u = at[1] + half * (2 * (n / 5) + 1 + (k < 0 ? -root[-k] : root[k]));
        long double value = half * part[k < 0 ? -k : k] * rule->weight(u, log_alpha, log_sigma);
        for (size_t m = 1; m < 5; m++)
            if (m != j + 1) value *= (u - at[m]) / (at[j + 1] - at[m]);
        sum += value;
    }
    return sum;
}

/* The weights keep their digits: solved for in raw time, these systems have an error of 1.4e-2 at
 * T = 10000. Brief: every 97th step, as long double is software on aarch64. */
static void check_digits(const struct rule *rule, const char *name)
{
    enum { STEPS = 10000 };
    quell_schedule *schedule = must_schedule(name);
    quell_point *grid = doubles_grid("linear", schedule, STEPS);
    struct quell_plan plan = doubles_plan(rule->spec, schedule, grid, STEPS, 0);
    size_t step = 0;
    double worst = 0;
    for (size_t n = 0; n < plan.count; n++) {
        const struct quell_op *op = &plan.ops[n];
        if (op->kind == QUELL_STEP) step++;
        if (op->kind != QUELL_COMBINE || op->out != QUELL_STATE || step < 3) continue;
        if (step % by_effort(97, 1, 1)) continue;
        for (size_t j = rule->skip; j < 4; j++) {
            double right = (double)weight_of(rule, grid, step, j);
            double found = op->coefficient[rule->first + j - rule->skip];
            worst = fmax(worst, fabs(found / right - 1));
        }
    }
    CHECK(step == STEPS, "%zu steps", step);
    CHECK(worst < 2e-11, "%s, %s: weights off by %g", rule->spec, name, worst);
    quell_plan_free(&plan);
    free(grid);
    quell_schedule_free(schedule);
}

/* steady=no: the weights of the whole order, also where a step is too long for them. */
TEST(multistep, weights_keep_digits)
{
    static const struct rule rules[] = {
        {"zab:order=4,steady=no", ratio, of_ratio, 3, 1},
        {"vab:order=4,steady=no", straight, of_straight, 3, 1},
        {"zeab:order=4,steady=no", lambda_of, of_noise, 3, 1},
        {"ipndm_v", ratio, of_ratio, 3, 1},
        {"xeab:order=4,steady=no", lambda_of, of_data, 1, 0},
        {"reab:order=4,steady=no", ratio, of_turn, 3, 1},
        {"unipc:order=4,use_corrector=no", lambda_of, of_data, 1, 0}};
    static const char *const schedules[] = {"vp", "ve", "cosine", "rectified"};
    for (size_t i = 0; i < COUNT(rules) * COUNT(schedules); i++)
        check_digits(&rules[i % COUNT(rules)], schedules[i / COUNT(rules)]);
}

/* The largest difference of the coefficients of two plans of the same shape, relative. */
static double apart(const struct quell_plan *a, const struct quell_plan *b)
{
    double worst = 0;
    CHECK(a->count == b->count, "%zu operations, not %zu", a->count, b->count);
    for (size_t n = 0; n < a->count; n++) {
        const struct quell_op *p = &a->ops[n], *q = &b->ops[n];
        CHECK(p->kind == q->kind && p->terms == q->terms, "operation %zu is another", n);
        for (size_t k = 0; k < p->terms; k++)
            worst = fmax(worst, fabs(p->coefficient[k] / q->coefficient[k] - 1));
    }
    return worst;
}

/* Makes a grid on which sigma / alpha falls by even steps. */
static quell_point *even(const quell_schedule *schedule, size_t steps)
{
    quell_point *grid = doubles_grid("linear", schedule, steps);
    double from = exp(-quell_lambda(&grid[0])), to = exp(-quell_lambda(&grid[steps]));
    for (size_t i = 1; i < steps; i++) {
        double level = from + (to - from) * (double)i / (double)steps;
        MUST(quell_schedule_at_lambda(schedule, -log(level), &grid[i]));
    }
    return grid;
}

/* So ipndm has the order of its name where sigma / alpha falls by even steps. */
TEST(multistep, ipndm_on_even_steps)
{
    static const char *const specs[][2] = {
        {"ipndm:order=2", "zab:order=2"}, {"ipndm:order=3", "zab:order=3"}, {"ipndm", "lms"}};
    quell_schedule *schedule = must_schedule("rectified:alpha_min=0.05,sigma_min=0.02");
    quell_point *grid = even(schedule, 50);
    for (size_t i = 0; i < COUNT(specs); i++) {
        struct quell_plan a = doubles_plan(specs[i][0], schedule, grid, 50, 0);
        struct quell_plan b = doubles_plan(specs[i][1], schedule, grid, 50, 0);
        double worst = apart(&a, &b);
        CHECK(worst < 1e-9, "%s is %g from %s", specs[i][0], worst, specs[i][1]);
        quell_plan_free(&a);
        quell_plan_free(&b);
    }
    free(grid);
    quell_schedule_free(schedule);
}

/* The weights of past slopes, with the slips mended, are those of Adams-Bashforth. */
TEST(multistep, ipndm_v_mended)
{
    static const double levels[] = {3, 2.2, 1.9, 1.1, 0.4};
    quell_schedule *schedule = must_schedule("ve:sigma_min=0.02,sigma_max=20");
    quell_point grid[5];
    double c[4], slip[4], h[4];
    for (size_t i = 0; i < 5; i++)
        MUST(quell_schedule_at_lambda(schedule, -log(levels[i]), &grid[i]));
    for (size_t j = 0; j < 4; j++) h[j] = levels[4 - j] - levels[3 - j];
    struct quell_plan plan = doubles_plan("zab:order=4,steady=no", schedule, grid, 4, 0);
    const struct quell_op *last = &plan.ops[plan.count - 2];
    CHECK(last->kind == QUELL_COMBINE && last->terms == 6, "the last step");
    twin_ipndm_v(4, h, 1, c);
    twin_ipndm_v(4, h, 0, slip);
    for (size_t j = 1; j < 4; j++)
        CHECK(fabs(h[0] * c[j] / last->coefficient[2 + j] - 1) < 1e-12, "weight %zu", j);
    CHECK(fabs(c[0] + c[1] + c[2] + c[3] - 1) < 1e-14, "they add up to 1");
    CHECK(fabs(slip[0] + slip[1] + slip[2] + slip[3] - 1) > 1e-3, "the codes' do not");
    quell_plan_free(&plan);
    quell_schedule_free(schedule);
}

/* What the slips in the peers' formulas cost. */
TEST(multistep, references_fall_short)
{
    static const struct {
        const char *spec;
        double most;
    } cases[] = {{"xeab:order=3,formula=k_diffusion", 2.2}, {"reab:formula=azula", 1.2}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct order_case of = {cases[i].spec, 0, ORDER_PATH, NULL};
        struct order_found gaussian = order_gaussian(&of), mixture = order_mixture(&of);
        double found = fmax(order_observed(&gaussian), order_observed(&mixture));
        CHECK(found < cases[i].most, "%s: order %g", cases[i].spec, found);
    }
}

static const char *const samplers[] = {"zab:order=1",
                                       "zab",
                                       "lms",
                                       "vab:order=1",
                                       "vab",
                                       "vab:order=4",
                                       "zeab",
                                       "zeab:order=4",
                                       "xeab",
                                       "dpmpp_2m",
                                       "xeab:order=3,formula=k_diffusion",
                                       "xeab:order=4",
                                       "reab",
                                       "reab:formula=azula",
                                       "reab:order=4",
                                       "ipndm",
                                       "ipndm_v",
                                       "ipndm_v:formula=diff_sampler",
                                       "pndm",
                                       "plms",
                                       "unipc",
                                       "unipc:variant=bh1",
                                       "unipc:order=1,variant=bh1",
                                       "unipc:order=4,variant=bh1",
                                       "unipc:order=3,use_corrector=no",
                                       "res_multistep",
                                       "gradient_estimation"};

enum { DIM = 3 };
static const double means[DIM] = {1, -1, 0}, variances[DIM] = {0.25, 1, 0.01};

static void denoise(void *user, const quell_point *t, const double *x, double *mu)
{
    (void)user;
    for (size_t e = 0; e < DIM; e++) {
        double spread = t->alpha * t->alpha * variances[e] + t->sigma * t->sigma;
        mu[e] = means[e] + t->alpha * variances[e] / spread * (x[e] - t->alpha * means[e]);
    }
}

/* Returns the point of the exact flow that is (1, -0.7, 1.3) standard deviations from the mean. */
static void exact(const quell_point *t, double *x)
{
    static const double z[DIM] = {1, -0.7, 1.3};
    for (size_t e = 0; e < DIM; e++)
        x[e] = t->alpha * means[e] + z[e] * hypot(t->alpha * sqrt(variances[e]), t->sigma);
}

static void draw(const char *spec, const quell_schedule *schedule, const quell_point *grid,
                 size_t steps, double *x)
{
    struct quell_plan plan = doubles_plan(spec, schedule, grid, steps, 0);
    struct doubles doubles = {DIM, denoise, NULL, 0, 0, 0, 0};
    exact(&grid[0], x);
    doubles_run(&doubles, &plan, x);
    quell_plan_free(&plan);
}

static int line(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t;
    *sigma = t;
    return 0;
}

/* From alpha = 0 to sigma = 0, in 1 step and in many. */
TEST(multistep, singular_ends)
{
    static const size_t lengths[] = {1, 2, 3, 10, 1000};
    static const double most[] = {1.4, 1.4, 1.4, 0.5, 2e-3};
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_function(&schedule, line, NULL, NULL));
    for (size_t i = 0; i < COUNT(samplers) * COUNT(lengths); i++) {
        const char *spec = samplers[i / COUNT(lengths)];
        size_t k = i % COUNT(lengths), steps = lengths[k];
        if (strstr(spec, "reab:formula") || strstr(spec, "order=1")) continue;
        quell_point *grid = doubles_grid("linear", schedule, steps);
        double x[DIM], right[DIM];
        draw(spec, schedule, grid, steps, x);
        exact(&grid[steps], right);
        for (size_t e = 0; e < DIM; e++)
            CHECK(fabs(x[e] - right[e]) < most[k] * (strstr(spec, "formula") ? 4 : 1),
                  "%s, T = %zu: %g, not %g", spec, steps, x[e], right[e]);
        free(grid);
    }
    quell_schedule_free(schedule);
}

/* Where a point comes twice, the step between leaves the state as it is: the samples are the same,
 * except for UniPC's corrector. */
TEST(multistep, points_twice)
{
    enum { STEPS = 12 };
    quell_schedule *schedule = must_schedule("vp:alpha_min=0.05,sigma_min=0.02");
    quell_point *grid = doubles_grid("linear", schedule, STEPS), twice[STEPS + 4];
    for (size_t i = 0, n = 0; i <= STEPS; i++) {
        twice[n++] = grid[i];
        if (i == 0 || i == 5 || i == STEPS) twice[n++] = grid[i];
    }
    for (size_t i = 0; i < COUNT(samplers); i++) {
        double x[DIM], y[DIM];
        draw(samplers[i], schedule, grid, STEPS, x);
        draw(samplers[i], schedule, twice, STEPS + 3, y);
        double bound = strstr(samplers[i], "unipc") ? 0.1 : 1e-12;
        for (size_t e = 0; e < DIM; e++)
            CHECK(fabs(x[e] - y[e]) < bound, "%s: %.17g, not %.17g", samplers[i], y[e], x[e]);
    }
    free(grid);
    quell_schedule_free(schedule);
}
