/* SPDX-License-Identifier: MIT */
/* The schedules beside azula's, against their formulas in long double: EDM, the VP SDE, flow with
 * its shifts, the tables of betas with and without zero terminal SNR. */
#include "harness.h"
#include "models.h"
#include "core/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct exact {
    long double alpha, sigma;
};

static struct exact edm(long double t)
{
    long double root = (1 - t) * powl(0.002L, 1 / 7.0L) + t * powl(80, 1 / 7.0L);
    return (struct exact){1, powl(root, 7)};
}

static struct exact vp_sde(long double t)
{
    long double u = 0.001L + 0.999L * t, integral = 19.9L * u * u / 2 + 0.1L * u;
    return (struct exact){expl(-integral / 2), sqrtl(-expm1l(-integral))};
}

static struct exact flow_with(long double shift, long double t)
{
    return (struct exact){(1 - t) / (1 - t + shift * t), shift * t / (1 - t + shift * t)};
}

static struct exact flow(long double t) { return flow_with(1, t); }
static struct exact flow_3(long double t) { return flow_with(3, t); }
static struct exact flow_few(long double t) { return flow_with(expl(0.5L), t); }
static struct exact flow_many(long double t) { return flow_with(expl(1.15L), t); }
static struct exact flow_own(long double t) { return flow_with(expl(1.5L), t); }

static const struct {
    const char *spec;
    struct exact (*formula)(long double t);
} continuous[] = {{"edm", edm},
                  {"vp_sde", vp_sde},
                  {"flow", flow},
                  {"flow:shift=3", flow_3},
                  {"flow:tokens=256", flow_few},
                  {"flow:tokens=4096", flow_many},
                  {"flow:tokens=3,base_tokens=1,max_tokens=2,max_shift=1", flow_own}};

static int near(double value, long double exact, long double size)
{
    return value == exact || fabsl(value - exact) <= 1e-14L * size;
}

static void check(const char *spec, const quell_schedule *schedule, double t, struct exact exact,
                  long double slack)
{
    quell_point p;
    MUST(quell_schedule_point(schedule, t, &p));
    long double log_alpha = logl(exact.alpha), log_sigma = logl(exact.sigma);
    long double size = fmaxl(1, fabsl(log_alpha - log_sigma));
    CHECK(near(p.alpha, exact.alpha, slack * exact.alpha), "%s at %g: alpha %.17g, not %.17Lg",
          spec, t, p.alpha, exact.alpha);
    CHECK(near(p.sigma, exact.sigma, slack * exact.sigma), "%s at %g: sigma %.17g, not %.17Lg",
          spec, t, p.sigma, exact.sigma);
    CHECK(near(p.log_alpha, log_alpha, slack * (isinf(size) ? 1 : size)),
          "%s at %g: log alpha %.17g", spec, t, p.log_alpha);
    CHECK(near(p.log_sigma, log_sigma, slack * (isinf(size) ? 1 : size)),
          "%s at %g: log sigma %.17g", spec, t, p.log_sigma);
}

TEST(schedule, formulas_of_the_field)
{
    static const double ends[] = {1e-300, 0x1p-60, 1e-9, 1e-4, 1 - 1e-9, 1 - 0x1p-53};
    for (size_t i = 0; i < sizeof continuous / sizeof *continuous; i++) {
        quell_schedule *schedule = must_schedule(continuous[i].spec);
        for (int k = 0; k <= 1006; k++) {
            double t = k <= 1000 ? k / 1000.0 : ends[k - 1001];
            check(continuous[i].spec, schedule, t, continuous[i].formula(t), 1);
        }
        quell_schedule_free(schedule);
    }
}

TEST(schedule, flow_has_both_ends)
{
    static const char *const specs[] = {"flow", "flow:shift=3", "flow:shift=0.1",
                                        "flow:tokens=999"};
    for (size_t i = 0; i < 4; i++) {
        quell_schedule *schedule = must_schedule(specs[i]);
        quell_point p;
        MUST(quell_schedule_point(schedule, 1, &p));
        CHECK(p.alpha == 0 && p.sigma == 1 && p.log_sigma == 0 &&
                  quell_lambda(&p) == -(double)INFINITY,
              "%s at 1: %g %g", specs[i], p.alpha, p.sigma);
        MUST(quell_schedule_point(schedule, 0, &p));
        CHECK(p.alpha == 1 && p.sigma == 0 && p.log_alpha == 0 &&
                  quell_lambda(&p) == (double)INFINITY,
              "%s at 0: %g %g", specs[i], p.alpha, p.sigma);
        quell_schedule_free(schedule);
    }
}

enum { TRAIN = 60 };

static long double linear(long double i) { return 1e-4L + (0.02L - 1e-4L) * i / (TRAIN - 1); }

static long double sigmoid(long double i)
{
    return 1e-4L + (0.02L - 1e-4L) / (1 + expl(6 - 12 * i / (TRAIN - 1)));
}

static long double exponential(long double i)
{
    return (void)i, 1 - expl(-12.0L / (long double)TRAIN);
}

static long double laplace_power(long double u)
{
    long double lambda = -0.5L * copysignl(1, 0.5L - u) * logl(1 - 2 * fabsl(0.5L - u) + 1e-6L);
    return sqrtl(expl(lambda) / (1 + expl(lambda)));
}

static long double laplace(long double i)
{
    return fminl(1 - laplace_power((i + 1) / (long double)TRAIN) /
                         laplace_power(i / (long double)TRAIN),
                 0.999L);
}

static const struct {
    const char *name;
    long double (*beta)(long double i);
} tables[] = {{"beta_linear", linear},
              {"beta_sigmoid", sigmoid},
              {"beta_exp", exponential},
              {"beta_laplace", laplace}};

TEST(schedule, tables_of_the_field)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char spec[64];
        snprintf(spec, sizeof spec, "%s:train=60", tables[i].name);
        quell_schedule *schedule = must_schedule(spec);
        long double power = 1;
        for (int k = 0; k < TRAIN; k++) {
            power *= 1 - tables[i].beta(k);
            check(spec, schedule, k / ((double)TRAIN - 1),
                  (struct exact){sqrtl(power), sqrtl(1 - power)}, 20);
        }
        quell_schedule_free(schedule);
    }
}

/* Algorithm 1 of 2305.08891, step by step. */
TEST(schedule, zero_snr)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char spec[64];
        snprintf(spec, sizeof spec, "%s:zero_snr=yes,train=60", tables[i].name);
        quell_schedule *schedule = must_schedule(spec);
        long double alpha[TRAIN], power = 1;
        for (int k = 0; k < TRAIN; k++) alpha[k] = sqrtl(power *= 1 - tables[i].beta(k));
        long double first = alpha[0], last = alpha[TRAIN - 1];
        for (int k = 0; k < TRAIN; k++) {
            long double a = (alpha[k] - last) * first / (first - last);
            check(spec, schedule, k / ((double)TRAIN - 1), (struct exact){a, sqrtl(1 - a * a)}, 20);
        }
        /* Before the end alpha / sigma is linear, down to 0. */
        double a, s, b, r;
        MUST(quell_schedule_at(schedule, (TRAIN - 2) / ((double)TRAIN - 1), &a, &s));
        MUST(quell_schedule_at(schedule, ((double)TRAIN - 1.25) / ((double)TRAIN - 1), &b, &r));
        CHECK(fabs(b / r / (a / s) - 0.25) < 1e-12, "%s: %g", spec, b / r / (a / s));
        quell_schedule_free(schedule);
    }
}

/* A table whose last beta is 1 is one with zero terminal SNR. */
TEST(schedule, last_beta_one)
{
    const double betas[] = {0.1, 0.2, 1}, bad[] = {0.1, 1, 1};
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_betas(&schedule, 3, betas));
    check("betas", schedule, 0.5, (struct exact){sqrtl(0.72L), sqrtl(0.28L)}, 1);
    check("betas", schedule, 1, (struct exact){0, 1}, 1);
    quell_schedule_free(schedule);
    CHECK(quell_schedule_from_betas(&schedule, 3, bad) == QUELL_BAD_ARGUMENT, "accepted");
    CHECK(strstr(quell_error_message(), "beta 1 is 1"), "%s", quell_error_message());
}

static void refused(const char *spec, const char *says)
{
    quell_schedule *schedule = NULL;
    CHECK(quell_schedule_create(&schedule, spec) == QUELL_BAD_ARGUMENT && !schedule, "%s", spec);
    CHECK(strstr(quell_error_message(), says), "%s: %s", spec, quell_error_message());
}

TEST(schedule, refusals_of_the_field)
{
    refused("flow:shift=0", "from 1e-06");
    refused("flow:shift=3,tokens=1024", "not both");
    refused("flow:tokens=1024,base_tokens=4096", "max_tokens");
    refused("flow:tokens=1000000000", "exp(");
    refused("edm:rho=0", "from 0.1");
    refused("vp_sde:eps=1", "from 0");
    refused("beta_linear:zero_snr=1", "must be yes or no");
    refused("beta_laplace:cap=1", "0.999999");
}
