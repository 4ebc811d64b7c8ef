/* SPDX-License-Identifier: MIT */
/* Schedules against their formulas, written down naively in long double, and as a cumulative
 * product for the discrete ones. */
#include "harness.h"
#include "models.h"
#include "core/schedule.h"
#include "names.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct exact {
    long double alpha, sigma;
};

static const long double alpha_min = 0.001L, sigma_min = 0.001L;

static struct exact vp(long double t)
{
    long double log_alpha = t * t * logl(alpha_min);
    return (struct exact){expl(log_alpha), sqrtl(-expm1l(2 * log_alpha) + sigma_min * sigma_min)};
}

static struct exact ve(long double t)
{
    return (struct exact){1, expl((1 - t) * logl(1e-3L) + t * logl(1e3L))};
}

static struct exact cosine(long double t)
{
    long double angle = t * acosl(alpha_min); /* 1 - cos^2 = sin^2 */
    return (struct exact){cosl(angle), sqrtl(powl(sinl(angle), 2) + sigma_min * sigma_min)};
}

static struct exact rectified(long double t)
{
    return (struct exact){t * alpha_min + (1 - t), t + (1 - t) * sigma_min};
}

static struct exact decay(long double t) { return rectified(-expm1l(t * logl(0.1L)) / 0.9L); }

static const struct {
    const char *name;
    struct exact (*formula)(long double t);
} continuous[] = {
    {"vp", vp}, {"ve", ve}, {"cosine", cosine}, {"rectified", rectified}, {"decay", decay}};

static double off(double value, long double exact)
{
    return exact == 0 ? fabs(value) : (double)fabsl((value - exact) / exact);
}

static const double times[] = {0,     0x1p-60, 1e-12, 1e-8, 1e-5, 1e-4, 0.001,       0.01, 0.015,
                               0.125, 0.3,     0.5,   0.7,  0.9,  0.99, 1 - 0x1p-30, 1};

/* alpha, sigma and their logarithms to a few units in the last place. A logarithm that is small
 * beside that of sigma / alpha, which is what coefficients are made of, may be off by as much. */
static void check_point(const char *spec, const quell_schedule *schedule, double t,
                        struct exact exact, double bound)
{
    quell_point p;
    MUST(quell_schedule_point(schedule, t, &p));
    long double log_alpha = logl(exact.alpha), log_sigma = logl(exact.sigma);
    long double size = fmaxl(1, fabsl(log_alpha - log_sigma));
    CHECK(off(p.alpha, exact.alpha) < bound, "%s at %g: alpha %.17g, off by %g", spec, t, p.alpha,
          off(p.alpha, exact.alpha));
    CHECK(off(p.sigma, exact.sigma) < bound, "%s at %g: sigma %.17g, off by %g", spec, t, p.sigma,
          off(p.sigma, exact.sigma));
    CHECK((double)(fabsl(p.log_alpha - log_alpha) / size) < bound,
          "%s at %g: log alpha %.17g, not %.17Lg", spec, t, p.log_alpha, log_alpha);
    CHECK((double)(fabsl(p.log_sigma - log_sigma) / size) < bound,
          "%s at %g: log sigma %.17g, not %.17Lg", spec, t, p.log_sigma, log_sigma);
}

TEST(schedule, formulas)
{
    for (size_t i = 0; i < sizeof continuous / sizeof *continuous; i++) {
        quell_schedule *schedule = must_schedule(continuous[i].name);
        for (size_t k = 0; k < sizeof times / sizeof *times; k++)
            check_point(continuous[i].name, schedule, times[k], continuous[i].formula(times[k]),
                        2e-15);
        for (int k = 0; k <= 1000; k++)
            check_point(continuous[i].name, schedule, k / 1000.0, continuous[i].formula(k / 1000.0),
                        2e-15);
        quell_schedule_free(schedule);
    }
}

/* With tiny minima nothing is left but what the formulas themselves keep: sigma ~ sqrt(-2 log
 * alpha) as t -> 0, and alpha ~ alpha_min at t = 1. */
TEST(schedule, ends_keep_their_digits)
{
    double alpha, sigma;
    quell_schedule *schedule = must_schedule("vp:sigma_min=1e-30");
    MUST(quell_schedule_at(schedule, 1e-9, &alpha, &sigma));
    CHECK(off(sigma, sqrtl(-2 * 1e-18L * logl(0.001L))) < 1e-14, "vp: sigma %.17g", sigma);
    quell_schedule_free(schedule);
    schedule = must_schedule("cosine:alpha_min=1e-20,sigma_min=1e-30");
    MUST(quell_schedule_at(schedule, 1e-9, NULL, &sigma));
    CHECK(off(sigma, sinl(1e-9L * acosl(1e-20L))) < 1e-14, "cosine: sigma %.17g", sigma);
    MUST(quell_schedule_at(schedule, 1, &alpha, NULL));
    CHECK(off(alpha, 1e-20L) < 1e-14, "cosine: alpha %.17g", alpha);
    quell_schedule_free(schedule);
    const char *specs[] = {"rectified:alpha_min=1e-20", "decay:alpha_min=1e-20"};
    for (size_t i = 0; i < 2; i++) {
        schedule = must_schedule(specs[i]);
        MUST(quell_schedule_at(schedule, 1, &alpha, NULL));
        CHECK(off(alpha, 1e-20L) < 1e-14, "%s: alpha %.17g", specs[i], alpha);
        quell_schedule_free(schedule);
    }
}

static long double beta_linear(long double i, long double count)
{
    return 1e-4L + (0.02L - 1e-4L) * i / (count - 1);
}

static long double beta_scaled_linear(long double i, long double count)
{
    long double root = sqrtl(0.00085L) + (sqrtl(0.012L) - sqrtl(0.00085L)) * i / (count - 1);
    return root * root;
}

static long double alpha_bar(long double u)
{
    return powl(cosl((u + 0.008L) / 1.008L * acosl(-1) / 2), 2);
}

static long double beta_cosine(long double i, long double count)
{
    return fminl(1 - alpha_bar((i + 1) / count) / alpha_bar(i / count), 0.999L);
}

static const struct {
    const char *name;
    long double (*beta)(long double i, long double count);
} discrete[] = {{"beta_linear", beta_linear},
                {"beta_scaled_linear", beta_scaled_linear},
                {"beta_cosine", beta_cosine}};

/* alpha^2 at table point k by plain multiplication. */
static long double product(long double (*beta)(long double, long double), size_t k, size_t count)
{
    long double power = 1;
    for (size_t i = 0; i <= k; i++) power *= 1 - beta((long double)i, (long double)count);
    return power;
}

static struct exact table_point(long double power)
{
    return (struct exact){sqrtl(power), sqrtl(1 - power)};
}

TEST(schedule, discrete_tables)
{
    const size_t count = 1000;
    for (size_t i = 0; i < sizeof discrete / sizeof *discrete; i++) {
        quell_schedule *schedule = must_schedule(discrete[i].name);
        for (size_t k = 0; k < count; k += 37) /* 999 = 27 * 37 */
            check_point(discrete[i].name, schedule, (double)k / 999,
                        table_point(product(discrete[i].beta, k, count)), 1e-13);
        quell_schedule_free(schedule);
    }
}

/* Between table points log(sigma / alpha) is linear, and alpha^2 + sigma^2 = 1. */
/* diffusers' names of its tables. */
TEST(schedule, names_of_others)
{
    static const char *const pairs[][2] = {{"linear", "beta_linear"},
                                           {"linear:last=0.01", "beta_linear:last=0.01"},
                                           {"scaled_linear", "beta_scaled_linear"},
                                           {"squaredcos_cap_v2", "beta_cosine"},
                                           {"sigmoid", "beta_sigmoid"},
                                           {"exp", "beta_exp"},
                                           {"laplace", "beta_laplace"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        double alpha[2], sigma[2];
        for (int k = 0; k < 2; k++) {
            quell_schedule *schedule = NULL;
            MUST(quell_schedule_create(&schedule, pairs[i][k]));
            MUST(quell_schedule_at(schedule, 0.4, &alpha[k], &sigma[k]));
            quell_schedule_free(schedule);
        }
        CHECK(alpha[0] == alpha[1] && sigma[0] == sigma[1], "%s is not %s", pairs[i][0],
              pairs[i][1]);
    }
}

TEST(schedule, discrete_between_points)
{
    const size_t count = 11;
    for (size_t i = 0; i < sizeof discrete / sizeof *discrete; i++) {
        char spec[64];
        snprintf(spec, sizeof spec, "%s:train=11", discrete[i].name);
        quell_schedule *schedule = must_schedule(spec);
        for (int at = 0; at <= 1000; at++) {
            size_t k = (size_t)(at < 1000 ? at / 100 : 9);
            struct exact a = table_point(product(discrete[i].beta, k, count));
            struct exact b = table_point(product(discrete[i].beta, k + 1, count));
            long double part = at / 100.0L - (long double)k;
            long double ratio =
                expl((1 - part) * logl(a.sigma / a.alpha) + part * logl(b.sigma / b.alpha));
            long double power = 1 / (1 + ratio * ratio);
            struct exact exact = {sqrtl(power), ratio * sqrtl(power)};
            check_point(spec, schedule, at / 1000.0, exact, 1e-13);
        }
        quell_schedule_free(schedule);
    }
}

TEST(schedule, from_betas)
{
    double betas[100];
    for (size_t i = 0; i < 100; i++) betas[i] = (double)beta_scaled_linear((long double)i, 100);
    quell_schedule *given = NULL, *named = must_schedule("beta_scaled_linear:train=100");
    MUST(quell_schedule_from_betas(&given, 100, betas));
    memset(betas, 0, sizeof betas); /* it was copied */
    for (int i = 0; i <= 50; i++) {
        double a, s, alpha, sigma;
        MUST(quell_schedule_at(given, i / 50.0, &a, &s));
        MUST(quell_schedule_at(named, i / 50.0, &alpha, &sigma));
        CHECK(off(a, alpha) < 1e-13 && off(s, sigma) < 1e-13, "at %d: %.17g %.17g", i, a, s);
    }
    quell_schedule_free(given);
    quell_schedule_free(named);
}

static int circle(void *user, double t, double *alpha, double *sigma)
{
    const double *fails_at = user;
    if (fails_at && t == *fails_at) return -1;
    *alpha = 1 - t;
    *sigma = t > 0.75 ? (double)NAN : t;
    return 0;
}

TEST(schedule, from_function)
{
    double fails_at = 0.5, alpha = 7, sigma = 7;
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_function(&schedule, circle, &fails_at, NULL));
    check_point("function", schedule, 0.25, (struct exact){0.75L, 0.25L}, 1e-15);
    quell_point p;
    MUST(quell_schedule_point(schedule, 0, &p));
    CHECK(p.sigma == 0 && p.log_sigma == -(double)INFINITY, "log sigma %g", p.log_sigma);
    CHECK(quell_schedule_at(schedule, 0.5, &alpha, &sigma) == QUELL_BAD_ARGUMENT, "accepted");
    CHECK(strstr(quell_error_message(), "0.5"), "%s", quell_error_message());
    CHECK(quell_schedule_at(schedule, 0.8, &alpha, &sigma) == QUELL_BAD_ARGUMENT, "NaN accepted");
    CHECK(alpha == 7 && sigma == 7, "outputs changed on failure");
    CHECK(quell_schedule_from_function(&schedule, NULL, NULL, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    quell_schedule_free(schedule);
}

static void refused(const char *spec, quell_status status, const char *says)
{
    quell_schedule *schedule = NULL;
    CHECK(quell_schedule_create(&schedule, spec) == status, "'%s': %s", spec,
          quell_error_message());
    CHECK(!schedule, "'%s' made a schedule", spec);
    CHECK(strstr(quell_error_message(), says), "'%s': %s", spec, quell_error_message());
}

TEST(schedule, refusals)
{
    refused("", QUELL_NOT_FOUND, "no such schedule; that of a model that asks for none is empty");
    refused("v", QUELL_NOT_FOUND, "'v'");
    refused("vpx", QUELL_NOT_FOUND, "'vpx'");
    refused("vp:", QUELL_BAD_ARGUMENT, "no option");
    refused("vp:beta=3", QUELL_BAD_ARGUMENT, "beta");
    refused("vp:alpha_min", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("vp:alpha_min=", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("vp:alpha_min=0,5", QUELL_BAD_ARGUMENT, "alpha_min");
    refused("vp:alpha_min=nan", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("vp:alpha_min=1", QUELL_BAD_ARGUMENT, "from");
    refused("vp:sigma_min=-1", QUELL_BAD_ARGUMENT, "from");
    refused("decay:gamma=inf", QUELL_BAD_ARGUMENT, "from");
    refused("ve:sigma_min=10,sigma_max=1", QUELL_BAD_ARGUMENT,
            "ve's sigma_min is 10, must be less than sigma_max, 1");
    refused("ve:sigma_min=1000", QUELL_BAD_ARGUMENT, "less than sigma_max, 1000");
    refused("edm:sigma_max=0.001", QUELL_BAD_ARGUMENT,
            "edm's sigma_min is 0.002, must be less than sigma_max, 0.001");
    refused("beta_linear:train=1", QUELL_BAD_ARGUMENT, "from");
    refused("beta_linear:train=10.5", QUELL_BAD_ARGUMENT, "whole");
    refused("beta_linear:train=10,", QUELL_BAD_ARGUMENT, "no option");
    const double betas[][2] = {{0.5, 0}, {1, 0.5}, {0.5, (double)NAN}, {-0.5, 0.5}};
    quell_schedule *schedule = NULL;
    for (size_t i = 0; i < 4; i++)
        CHECK(quell_schedule_from_betas(&schedule, 2, betas[i]) == QUELL_BAD_ARGUMENT && !schedule,
              "table %zu", i);
    const double fine[] = {0.5, 0.5};
    CHECK(quell_schedule_from_betas(&schedule, 1, fine) == QUELL_BAD_ARGUMENT, "one beta");
}

TEST(schedule, times_outside)
{
    const double bad[] = {-1e-300, 1 + DBL_EPSILON, (double)NAN, (double)INFINITY, -1};
    for (size_t k = 0; schedule_name(k); k++) {
        quell_schedule *schedule = must_schedule(schedule_name(k));
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            double alpha = 7;
            CHECK(quell_schedule_at(schedule, bad[i], &alpha, NULL) == QUELL_BAD_ARGUMENT,
                  "%s took t = %g", schedule_name(k), bad[i]);
            CHECK(alpha == 7, "alpha changed on failure");
        }
        quell_schedule_free(schedule);
    }
    CHECK(quell_schedule_at(NULL, 0, NULL, NULL) == QUELL_BAD_ARGUMENT, "NULL schedule");
}

/* A host whose decimal separator is a comma: the same schedules, the same messages. */
TEST(schedule, locale)
{
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; i < 3 && !set; i++) set = setlocale(LC_ALL, names[i]);
    quell_schedule *schedule = must_schedule("vp:alpha_min=0.5,sigma_min=0.25");
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
    CHECK(off(alpha, 0.5L) < 1e-15 && off(sigma, sqrtl(0.8125L)) < 1e-15, "%g %g", alpha, sigma);
    refused("beta_cosine:cap=1", QUELL_BAD_ARGUMENT, "0.999999");
    if (set) setlocale(LC_ALL, "C");
    quell_schedule_free(schedule);
}
