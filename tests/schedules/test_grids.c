/* SPDX-License-Identifier: MIT */
/* Named grids: every one on every schedule, and each against its formula, written down naively in
 * long double on a schedule where it is plain to see. */
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "grids/grid.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const schedules[] = {"vp",
                                        "ve",
                                        "cosine",
                                        "rectified",
                                        "decay",
                                        "vp_sde",
                                        "vp_sde:eps=0",
                                        "edm",
                                        "edm:sigma_min=0",
                                        "flow",
                                        "flow:shift=3",
                                        "flow:shift=0.2",
                                        "flow:tokens=4096",
                                        "beta_linear",
                                        "beta_scaled_linear",
                                        "beta_cosine",
                                        "beta_sigmoid",
                                        "beta_exp",
                                        "beta_laplace",
                                        "beta_linear:zero_snr=yes",
                                        "beta_scaled_linear:zero_snr=yes",
                                        "beta_cosine:zero_snr=yes",
                                        "beta_sigmoid:zero_snr=yes",
                                        "beta_laplace:zero_snr=yes",
                                        "beta_exp:zero_snr=yes",
                                        "beta_linear:train=12",
                                        "beta_linear:train=2",
                                        "beta_linear:train=2,zero_snr=yes"};

static const char *const grids[] = {"linear",
                                    "karras",
                                    "karras:rho=3",
                                    "karras:scale=flow",
                                    "exponential",
                                    "exponential:scale=flow",
                                    "logsnr",
                                    "polyexponential",
                                    "polyexponential:rho=2",
                                    "polyexponential:rho=0.5",
                                    "kl_optimal",
                                    "kl_optimal:scale=flow",
                                    "beta",
                                    "beta:scale=ratio",
                                    "beta:scale=flow",
                                    "beta:alpha=2,beta=0.5",
                                    "sgm_uniform",
                                    "simple",
                                    "linear_quadratic",
                                    "linear_quadratic:scale=ratio",
                                    "linear_quadratic:threshold_noise=0.1,linear_steps=1",
                                    "discrete",
                                    "discrete:spacing=linspace",
                                    "discrete:spacing=leading",
                                    "discrete:spacing=leading,steps_offset=1"};

static const size_t steps[] = {1, 2, 3, 10, 1000};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The spec with the option `final` put after its name. */
static void spell(char *out, size_t size, const char *spec, const char *final)
{
    size_t name = strcspn(spec, ":");
    const char *rest = spec + name;
    snprintf(out, size, "%.*s:final=%s%s%s", (int)name, spec, final, *rest ? "," : "",
             *rest ? rest + 1 : "");
}

static int ends_right(const quell_point *end, const quell_point *last, int zero)
{
    if (!zero || last->sigma == 0) return !memcmp(end, last, sizeof *last);
    return end->alpha == 1 && end->sigma == 0 && end->log_alpha == 0 && isinf(end->log_sigma);
}

/* A point is one: its alpha and sigma belong to its logarithms, and its time is in [0, 1]. */
static int sane(const quell_point *p)
{
    return p->t >= 0 && p->t <= 1 && fabs(exp(p->log_alpha) - p->alpha) <= 1e-13 * p->alpha &&
           fabs(exp(p->log_sigma) - p->sigma) <= 1e-13 * p->sigma;
}

/* 1 if it was made, 0 if it was refused with a reason. */
static int check_grid(const quell_schedule *schedule, const char *name, const char *grid, size_t n,
                      int zero)
{
    char spec[128];
    spell(spec, sizeof spec, grid, zero ? "zero" : "min");
    quell_point *points = malloc((n + 1) * sizeof *points), last;
    quell_status status = quell_grid_make(schedule, spec, 1, 0, n, points);
    if (status) {
        CHECK(status == QUELL_BAD_ARGUMENT && strstr(quell_error_message(), "grid '"), "%s: %s",
              spec, quell_error_message());
        free(points);
        return 0;
    }
    MUST(quell_schedule_point(schedule, 0, &last));
    for (size_t i = 0; i <= n; i++) {
        CHECK(sane(&points[i]), "%s, %s, T = %zu: point %zu: t %g, alpha %g, sigma %g", name, spec,
              n, i, points[i].t, points[i].alpha, points[i].sigma);
        CHECK(!i || quell_lambda(&points[i]) > quell_lambda(&points[i - 1]),
              "%s, %s, T = %zu: lambda is %.17g at %zu and %.17g after it", name, spec, n,
              quell_lambda(&points[i - 1]), i - 1, quell_lambda(&points[i]));
        CHECK(!i || points[i].t <= points[i - 1].t, "%s, %s, T = %zu: time %zu rises", name, spec,
              n, i);
    }
    CHECK(ends_right(&points[n], &last, zero), "%s, %s, T = %zu: ends at sigma %g", name, spec, n,
          points[n].sigma);
    CHECK(strstr(spec, "leading") || points[0].t == 1, "%s: starts at %g", spec, points[0].t);
    free(points);
    return 1;
}

/* Whether the grid has a right to refuse. */
static int may_refuse(const char *schedule, const char *grid, size_t n, int zero)
{
    int tabled = !strncmp(schedule, "beta_", 5), small = strstr(schedule, "train=") != NULL;
    int no_alpha = !strncmp(schedule, "flow", 4) || strstr(schedule, "zero_snr");
    int no_sigma = !strncmp(schedule, "flow", 4) || strstr(schedule, "eps=0") ||
                   strstr(schedule, "sigma_min=0");
    int flow = strstr(grid, "scale=flow") || !strcmp(grid, "linear_quadratic") ||
               strstr(grid, "threshold");
    if (!strncmp(grid, "discrete", 8) && !tabled) return 1;
    if (!strcmp(grid, "discrete:spacing=leading") && !zero) return 1;
    if (strstr(grid, "offset=1") && n >= (small ? 1 : 1000)) return 1;
    if ((!strncmp(grid, "discrete", 8) || !strcmp(grid, "simple")) && tabled &&
        n >= (small ? 2 : 1000))
        return 1;
    if (strstr(grid, "threshold") && n > 5) return 1; /* one step of 0.1, then 999 */
    if (no_alpha && !flow &&
        (strstr(grid, "karras") || strstr(grid, "exponential") || strstr(grid, "logsnr") ||
         strstr(grid, "scale=ratio")))
        return 1;
    return no_sigma && (strstr(grid, "exponential") || strstr(grid, "logsnr"));
}

/* Brief, one in 17 of the long ones. */
static int is_tried(size_t n, size_t pair) { return n < 1000 || its_turn(pair, 17, 0); }

TEST(grids, every_pair)
{
    size_t made = 0, refused = 0;
    for (size_t s = 0; s < COUNT(schedules); s++) {
        quell_schedule *schedule = must_schedule(schedules[s]);
        for (size_t g = 0; g < COUNT(grids); g++)
            for (size_t k = 0; k < 2 * COUNT(steps); k++) {
                size_t n = steps[k / 2];
                if (!is_tried(n, s * COUNT(grids) + g)) continue;
                int zero = k % 2, was = check_grid(schedule, schedules[s], grids[g], n, zero);
                CHECK(was || may_refuse(schedules[s], grids[g], n, zero), "%s, T = %zu, %d: %s",
                      schedules[s], n, zero, quell_error_message());
                was ? made++ : refused++;
            }
        quell_schedule_free(schedule);
    }
    CHECK(made > 2 * refused, "%zu made, %zu refused", made, refused);
}

/* Every grid of the table is in the sweep, and has its lines. */
TEST(grids, listed)
{
    for (size_t i = 0; grid_name(i); i++) {
        size_t found = 0;
        for (size_t g = 0; g < COUNT(grids); g++) found += !strcmp(grids[g], grid_name(i));
        CHECK(found == 1, "%s is not in the sweep", grid_name(i));
        CHECK(quell_grid_row(i)->source, "%s", grid_name(i));
    }
    CHECK(!quell_grid_row(100), "past the end");
}

/* Naive twins: sigma / alpha of point i of n + 1, on ve from `low` to `high`. */
static const long double low = 0.01L, high = 50;

static long double karras(long double u)
{
    return powl((1 - u) * powl(high, 1 / 7.0L) + u * powl(low, 1 / 7.0L), 7);
}

static long double exponential(long double u) { return powl(high, 1 - u) * powl(low, u); }

static long double squared(long double u)
{
    return expl((1 - u) * (1 - u) * logl(high / low)) * low;
}

static long double angle(long double u) { return tanl((1 - u) * atanl(high) + u * atanl(low)); }

/* Beta(1/2, 1/2) has the quantiles sin^2(pi p / 2). */
static long double arcsine(long double u)
{
    long double root = sinl(acosl(-1) / 2 * (1 - u));
    return exponential(1 - root * root);
}

static long double arcsine_level(long double u)
{
    long double root = sinl(acosl(-1) / 2 * (1 - u));
    return low + (high - low) * root * root;
}

/* Mochi's with 10 steps: 5 of 0.005, then to 1. */
static long double quadratic(long double u)
{
    long double i = 10 * u, rise = i - 5;
    long double p = i < 5 ? 0.005L * i : 0.025L + 0.005L * rise + 0.038L * rise * rise;
    return (1 - p) * high + p * low;
}

static const struct {
    const char *spec;
    long double (*ratio)(long double u);
    int open; /* of 10 steps with final=zero, the first 10 points of 11, not all of 10 */
} twins[] = {{"linear", exponential, 0},
             {"karras", karras, 0},
             {"exponential", exponential, 0},
             {"logsnr", exponential, 0},
             {"polyexponential:rho=2", squared, 0},
             {"kl_optimal", angle, 0},
             {"beta:alpha=0.5,beta=0.5", arcsine, 1},
             {"beta:alpha=0.5,beta=0.5,scale=ratio", arcsine_level, 0},
             {"sgm_uniform", exponential, 1},
             {"simple", exponential, 1},
             {"linear_quadratic:scale=ratio", quadratic, 1}};

TEST(grids, formulas)
{
    enum { STEPS = 10 };
    quell_schedule *schedule = must_schedule("ve:sigma_min=0.01,sigma_max=50");
    for (size_t k = 0; k < COUNT(twins); k++)
        for (int zero = 0; zero < 2; zero++) {
            char spec[128];
            quell_point points[STEPS + 1];
            spell(spec, sizeof spec, twins[k].spec, zero ? "zero" : "min");
            MUST(quell_grid_make(schedule, spec, 1, 0, STEPS, points));
            long double n = zero && !twins[k].open ? STEPS - 1 : STEPS;
            for (size_t i = 0; i < STEPS + (zero ? 0 : 1); i++) {
                long double exact = twins[k].ratio((long double)i / n);
                double ratio = points[i].sigma / points[i].alpha;
                CHECK(fabsl(ratio - exact) < 2e-14L * exact, "%s: point %zu is %.17g, not %.17Lg",
                      spec, i, ratio, exact);
            }
        }
    quell_schedule_free(schedule);
}

/* The angle keeps its digits where sigma is huge or tiny: tan(a) = 1 / tan(pi / 2 - a). */
TEST(grids, angles_at_far_ends)
{
    enum { STEPS = 10000 };
    quell_schedule *schedule = must_schedule("ve:sigma_min=1e-12,sigma_max=1e12");
    quell_point *points = malloc((STEPS + 1) * sizeof *points);
    MUST(quell_grid_make(schedule, "kl_optimal", 1, 0, STEPS, points));
    long double quarter = acosl(-1) / 4, least = atanl(1e-12L), span = 2 * (quarter - least);
    for (size_t i = 0; i <= STEPS; i++) {
        long double up = least + span * (long double)(STEPS - i) / (long double)STEPS;
        long double down = least + span * (long double)i / (long double)STEPS;
        long double exact = i > STEPS / 2 ? tanl(up) : 1 / tanl(down);
        CHECK(fabsl(points[i].sigma - exact) < 3e-14L * exact, "point %zu is %.17g, not %.17Lg", i,
              points[i].sigma, exact);
    }
    free(points);
    quell_schedule_free(schedule);
}

/* scale=flow: the same formulas for sigma / (alpha + sigma), from 1 to 0 and back to the ratio. */
TEST(grids, flow_levels)
{
    enum { STEPS = 10 };
    static const char *const specs[] = {"karras:scale=flow", "linear_quadratic",
                                        "kl_optimal:scale=flow",
                                        "beta:scale=flow,alpha=0.5,beta=0.5"};
    quell_schedule *schedule = must_schedule("flow:shift=3");
    for (size_t k = 0; k < COUNT(specs); k++) {
        quell_point points[STEPS + 1];
        MUST(quell_grid_make(schedule, specs[k], 1, 0, STEPS, points));
        for (size_t i = 0; i <= STEPS; i++) {
            double u = (double)i / (double)STEPS, rest = 1 - u, r = 10 * u - 5;
            double root = sin(acos(-1) / 2 * rest);
            double linear = i < 5 ? 1 - 0.05 * u : 0.975 - 0.005 * r - 0.038 * r * r;
            double levels[] = {pow(rest, 7), linear, tan(rest * atan(1)), root * root};
            CHECK(fabs(points[i].sigma - levels[k]) < 1e-14 &&
                      fabs(points[i].alpha + points[i].sigma - 1) < 1e-15,
                  "%s: point %zu is %.17g, not %.17g", specs[k], i, points[i].sigma, levels[k]);
        }
    }
    quell_schedule_free(schedule);
}

/* The points of a table are taken whole, and are those of the formulas. */
TEST(grids, tables)
{
    quell_schedule *schedule = must_schedule("beta_linear:train=20");
    static const struct {
        const char *spec;
        size_t steps;
        int points[8];
    } cases[] = {{"simple:final=zero", 6, {19, 16, 13, 9, 6, 3, -1}},
                 {"simple", 6, {19, 16, 13, 9, 6, 3, 0}},
                 {"simple", 1, {19, 0}},
                 {"discrete:final=zero,spacing=linspace", 5, {19, 14, 10, 5, 0, -1}},
                 {"discrete:spacing=linspace", 4, {19, 14, 10, 5, 0}},
                 {"discrete:final=zero,spacing=leading", 6, {15, 12, 9, 6, 3, 0, -1}},
                 {"discrete:spacing=leading,steps_offset=1", 6, {16, 13, 10, 7, 4, 1, 0}},
                 {"discrete:spacing=trailing", 6, {19, 16, 12, 9, 6, 2, 0}},
                 {"discrete:final=zero", 1, {19, -1}}};
    for (size_t c = 0; c < COUNT(cases); c++) {
        quell_point points[8], table;
        MUST(quell_grid_make(schedule, cases[c].spec, 1, 0, cases[c].steps, points));
        for (size_t i = 0; i <= cases[c].steps; i++) {
            int k = cases[c].points[i];
            MUST(quell_schedule_point(schedule, (k < 0 ? 0 : k) / 19.0, &table));
            CHECK(k < 0 ? points[i].sigma == 0 : !memcmp(&points[i], &table, sizeof table),
                  "%s: point %zu is %g, not %d", cases[c].spec, i, 19 * points[i].t, k);
        }
    }
    quell_schedule_free(schedule);
}
