/* SPDX-License-Identifier: MIT */
/* What all schedules have in common: digits at their ends, tables and functions of the caller's,
 * names, refusals. Their formulas are in test_formulas.c. */
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

static double off(double value, long double exact)
{
    return exact == 0 ? fabs(value) : (double)fabsl((value - exact) / exact);
}

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

static long double beta_scaled_linear(long double i, long double count)
{
    long double root = sqrtl(0.00085L) + (sqrtl(0.012L) - sqrtl(0.00085L)) * i / (count - 1);
    return root * root;
}

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

/* A table whose last beta is 1 is one with zero terminal SNR. */
TEST(schedule, last_beta_one)
{
    const double betas[] = {0.1, 0.2, 1}, bad[] = {0.1, 1, 1};
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_betas(&schedule, 3, betas));
    check_point("betas", schedule, 0.5, (struct exact){sqrtl(0.72L), sqrtl(0.28L)}, 1e-14);
    double alpha, sigma;
    MUST(quell_schedule_at(schedule, 1, &alpha, &sigma));
    CHECK(alpha == 0 && sigma == 1, "%g %g", alpha, sigma);
    quell_schedule_free(schedule);
    CHECK(quell_schedule_from_betas(&schedule, 3, bad) == QUELL_BAD_ARGUMENT, "accepted");
    CHECK(strstr(quell_error_message(), "beta 1 is 1"), "%s", quell_error_message());
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
    refused("beta_linear:beta_start=0.1", QUELL_BAD_ARGUMENT,
            "'beta_start' (did you mean 'first'?)");
    refused("beta_scaled_linear:beta_end=1", QUELL_BAD_ARGUMENT, "(did you mean 'last'?)");
    refused("beta_cosine:num_train_timesteps=10", QUELL_BAD_ARGUMENT, "(did you mean 'train'?)");
    refused("beta_cosine:beta_start=0.1", QUELL_BAD_ARGUMENT, "no option 'beta_start'; see");
    refused("flow:shift=0", QUELL_BAD_ARGUMENT, "from 1e-06");
    refused("flow:shift=3,tokens=1024", QUELL_BAD_ARGUMENT, "not both");
    refused("flow:tokens=1024,base_tokens=4096", QUELL_BAD_ARGUMENT, "max_tokens");
    refused("flow:tokens=1000000000", QUELL_BAD_ARGUMENT, "exp(");
    refused("beta_linear:first=0.5,last=0.1", QUELL_BAD_ARGUMENT,
            "first is 0.5, must be at most last, 0.1");
    refused("beta_sigmoid:last=0.00005", QUELL_BAD_ARGUMENT, "first is 0.0001, must be at most");
    refused("beta_scaled_linear:first=0.9", QUELL_BAD_ARGUMENT, "must be at most last, 0.012");
    refused("edm:rho=0", QUELL_BAD_ARGUMENT, "from 0.1");
    refused("vp_sde:eps=1", QUELL_BAD_ARGUMENT, "from 0");
    refused("beta_linear:zero_snr=1", QUELL_BAD_ARGUMENT, "must be yes or no");
    refused("beta_laplace:cap=1", QUELL_BAD_ARGUMENT, "0.999999");
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
