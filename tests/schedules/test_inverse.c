/* SPDX-License-Identifier: MIT */
/* The inverse of every schedule: lambda comes back from the point that it names, and the point is
 * the schedule's, as far as a double's time can say. */
#include "harness.h"
#include "models.h"
#include "core/schedule.h"

#include <math.h>
#include <string.h>

static const char *const schedules[] = {"vp",
                                        "ve",
                                        "cosine",
                                        "rectified",
                                        "decay",
                                        "vp:alpha_min=1e-30,sigma_min=1e-30",
                                        "ve:sigma_min=1e-30,sigma_max=1e30",
                                        "cosine:alpha_min=1e-30,sigma_min=1e-30",
                                        "rectified:alpha_min=1e-30,sigma_min=1e-30",
                                        "decay:gamma=1e-6",
                                        "vp_sde",
                                        "vp_sde:eps=0",
                                        "edm",
                                        "edm:sigma_min=0",
                                        "edm:rho=100",
                                        "flow",
                                        "flow:shift=3",
                                        "flow:shift=1e-6",
                                        "flow:shift=1e6",
                                        "beta_linear",
                                        "beta_cosine",
                                        "beta_laplace",
                                        "beta_exp",
                                        "beta_sigmoid",
                                        "beta_scaled_linear",
                                        "beta_linear:zero_snr=yes",
                                        "beta_cosine:zero_snr=yes",
                                        "beta_linear:train=2",
                                        "beta_linear:train=2,zero_snr=yes",
                                        "beta_linear:train=7,zero_snr=yes"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static quell_point at_lambda(const quell_schedule *schedule, double lambda)
{
    quell_point p;
    MUST(quell_schedule_at_lambda(schedule, lambda, &p));
    return p;
}

/* Between the points at the times beside p.t, or at p.t itself. */
static int belongs(const quell_schedule *schedule, const quell_point *p)
{
    quell_point above, below;
    MUST(quell_schedule_point(schedule, fmax(p->t * (1 - 4e-16) - 1e-300, 0), &above));
    MUST(quell_schedule_point(schedule, fmin(p->t * (1 + 4e-16) + 1e-300, 1), &below));
    double slack = 1e-13 * (1 + fabs(quell_lambda(p)));
    return quell_lambda(p) <= quell_lambda(&above) + slack &&
           quell_lambda(p) >= quell_lambda(&below) - slack &&
           p->alpha <= above.alpha * (1 + 1e-12) && p->alpha >= below.alpha * (1 - 1e-12) &&
           p->sigma >= above.sigma * (1 - 1e-12) && p->sigma <= below.sigma * (1 + 1e-12);
}

static void check_lambda(const char *spec, const quell_schedule *schedule, double lambda)
{
    quell_point p = at_lambda(schedule, lambda);
    double off = fabs(quell_lambda(&p) - lambda), bound = 4e-15 * (1 + fabs(lambda));
    CHECK(off <= bound, "%s: lambda %.17g came back as %.17g", spec, lambda, quell_lambda(&p));
    CHECK(fabs(log(p.alpha / p.sigma) - lambda) <= 1e-13 * (1 + fabs(lambda)),
          "%s at lambda %g: alpha / sigma = %g", spec, lambda, p.alpha / p.sigma);
    CHECK(belongs(schedule, &p), "%s at lambda %.17g: t %.17g, alpha %.17g, sigma %.17g", spec,
          lambda, p.t, p.alpha, p.sigma);
}

/* All lambda from end to end, which may be infinite. */
TEST(inverse, lambdas)
{
    for (size_t s = 0; s < COUNT(schedules); s++) {
        quell_schedule *schedule = must_schedule(schedules[s]);
        quell_point first, last;
        MUST(quell_schedule_point(schedule, 1, &first));
        MUST(quell_schedule_point(schedule, 0, &last));
        double low = fmax(quell_lambda(&first), -300), high = fmin(quell_lambda(&last), 300);
        for (int i = 0; i <= 500; i++)
            check_lambda(schedules[s], schedule, low + (high - low) * i / 500);
        for (int i = -20; i <= 20; i++) /* about lambda = 0, with small fractions */
            if (i / 64.0 > low && i / 64.0 < high) check_lambda(schedules[s], schedule, i / 64.0);
        quell_schedule_free(schedule);
    }
}

/* All times: from the lambda of a time back to it, wherever lambda tells times apart. */
TEST(inverse, times)
{
    static const double ends[] = {1e-300, 1e-100,   0x1p-60,   1e-12,
                                  1e-6,   1 - 1e-6, 1 - 1e-12, 1 - 0x1p-53};
    for (size_t s = 0; s < COUNT(schedules); s++) {
        quell_schedule *schedule = must_schedule(schedules[s]);
        for (int i = 0; i <= 207; i++) {
            double t = i < 200 ? i / 199.0 : ends[i - 200];
            quell_point p, back, beside;
            MUST(quell_schedule_point(schedule, t, &p));
            double lambda = quell_lambda(&p);
            if (!isfinite(lambda)) continue;
            back = at_lambda(schedule, lambda);
            double bound = 4e-15 * (1 + fabs(lambda));
            CHECK(fabs(quell_lambda(&back) - lambda) <= bound, "%s at %g: lambda %.17g, not %.17g",
                  schedules[s], t, quell_lambda(&back), lambda);
            CHECK(fabs(back.alpha - p.alpha) <= 1e-12 * p.alpha &&
                      fabs(back.sigma - p.sigma) <= 1e-12 * p.sigma,
                  "%s at %g: alpha %.17g, not %.17g; sigma %.17g, not %.17g", schedules[s], t,
                  back.alpha, p.alpha, back.sigma, p.sigma);
            MUST(quell_schedule_point(schedule, fmin(t * (1 + 1e-9), 1), &beside));
            if (lambda - quell_lambda(&beside) > 10 * bound)
                CHECK(fabs(back.t - t) <= 1e-9 * t, "%s: t %.17g, not %.17g", schedules[s], back.t,
                      t);
        }
        quell_schedule_free(schedule);
    }
}

/* Beyond the ends t and alpha are those of the end, and sigma follows. */
TEST(inverse, beyond)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_point first, last;
    MUST(quell_schedule_point(schedule, 1, &first));
    MUST(quell_schedule_point(schedule, 0, &last));
    for (double by = 1e-9; by < 100; by *= 10) {
        quell_point p = at_lambda(schedule, quell_lambda(&first) - by);
        CHECK(p.t == 1 && fabs(p.alpha / first.alpha - 1) < 1e-14, "t %g, alpha %g", p.t, p.alpha);
        CHECK(fabs(p.sigma / first.sigma / exp(by) - 1) < 1e-13, "sigma %g", p.sigma);
        p = at_lambda(schedule, quell_lambda(&last) + by);
        CHECK(p.t == 0 && fabs(p.alpha / last.alpha - 1) < 1e-14, "t %g, alpha %g", p.t, p.alpha);
        CHECK(fabs(p.sigma / last.sigma * exp(by) - 1) < 1e-13, "sigma %g", p.sigma);
    }
    quell_point p;
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < 3; i++)
        CHECK(quell_schedule_at_lambda(schedule, bad[i], &p) == QUELL_BAD_ARGUMENT, "%g", bad[i]);
    quell_schedule_free(schedule);
}

/* A step between 1/4 and 1/2 and a jump from there: any lambda in the jump has its alpha, sigma. */
static int jumps(void *user, double t, double *alpha, double *sigma)
{
    int *calls = user;
    ++*calls;
    *alpha = 1, *sigma = t < 0.25 ? 1 + t : t < 0.5 ? 1.25 : 2 + t;
    return 0;
}

TEST(inverse, jumps)
{
    int calls = 0;
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_function(&schedule, jumps, &calls, NULL));
    for (double sigma = 1.01; sigma < 3; sigma += 0.01) {
        quell_point p = at_lambda(schedule, -log(sigma));
        CHECK(fabs(p.sigma - sigma) < 1e-14 && p.alpha == 1, "sigma %.17g, not %g", p.sigma, sigma);
        if (sigma > 1.255 && sigma < 2.5) CHECK(fabs(p.t - 0.5) < 1e-14, "t %g at the jump", p.t);
    }
    CHECK(calls < 200 * 100, "%d calls", calls);
    quell_schedule_free(schedule);
}

/* All of its fall is in the last thousandth: chords alone would creep there. */
static int steep(void *user, double t, double *alpha, double *sigma)
{
    int *calls = user;
    ++*calls;
    *alpha = 1, *sigma = exp(600 * pow(t, 20000) + 1e-3 * t);
    return 0;
}

TEST(inverse, steep)
{
    int calls = 0, most = 0;
    quell_schedule *schedule = NULL;
    MUST(quell_schedule_from_function(&schedule, steep, &calls, NULL));
    for (double lambda = -599; lambda < -0.01; lambda /= 1.5) {
        calls = 0;
        quell_point p = at_lambda(schedule, lambda);
        CHECK(fabs(quell_lambda(&p) - lambda) < 1e-12, "lambda %.17g, not %g", quell_lambda(&p),
              lambda);
        most = calls > most ? calls : most;
    }
    CHECK(most < 60, "%d calls", most);
    quell_schedule_free(schedule);
}

/* A schedule that fails part of the way. */
static int fails(void *user, double t, double *alpha, double *sigma)
{
    *alpha = 1, *sigma = 1 + t;
    return t > 0 && t < 1 ? *(const int *)user : 0;
}

TEST(inverse, fails)
{
    int results[] = {-1, QUELL_IO_FAILED};
    for (size_t i = 0; i < COUNT(results); i++) {
        quell_schedule *schedule = NULL;
        quell_point p;
        MUST(quell_schedule_from_function(&schedule, fails, &results[i], NULL));
        CHECK(quell_schedule_at_lambda(schedule, -0.1, &p) == QUELL_BAD_ARGUMENT, "accepted");
        CHECK(strstr(quell_error_message(), "function failed"), "%s", quell_error_message());
        quell_schedule_free(schedule);
    }
}
