/* SPDX-License-Identifier: MIT */
/* Every schedule against its formula in docs/schedules.md and its paper, in long double, at many
 * times and at both ends, with its defaults and with each of its options. A schedule without a
 * formula here fails, and so does an option that no row sets. */
#include "harness.h"
#include "models.h"
#include "core/schedule.h"
#include "names.h"

#include <math.h>
#include <quell/list.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exact {
    long double alpha, sigma;
};

/* The text of an option in a spec; NULL if it is not there. */
static const char *option(const char *spec, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strchr(spec, ':'); at; at = strchr(at + 1, ','))
        if (!strncmp(at + 1, name, length) && at[1 + length] == '=') return at + length + 2;
    return NULL;
}

/* The number that a spec gives an option, or its default. */
static long double of(const char *spec, const char *name, long double value)
{
    const char *text = option(spec, name);
    return text ? strtold(text, NULL) : value;
}

static struct exact vp(const char *spec, long double t)
{
    long double log_alpha = t * t * logl(of(spec, "alpha_min", 1e-3L));
    return (struct exact){expl(log_alpha),
                          sqrtl(-expm1l(2 * log_alpha) + powl(of(spec, "sigma_min", 1e-3L), 2))};
}

static struct exact ve(const char *spec, long double t)
{
    return (struct exact){1, powl(of(spec, "sigma_min", 1e-3L), 1 - t) *
                                 powl(of(spec, "sigma_max", 1e3L), t)};
}

static struct exact cosine(const char *spec, long double t)
{
    long double angle = t * acosl(of(spec, "alpha_min", 1e-3L)); /* 1 - cos^2 = sin^2 */
    return (struct exact){cosl(angle), hypotl(sinl(angle), of(spec, "sigma_min", 1e-3L))};
}

static struct exact rectified(const char *spec, long double t)
{
    return (struct exact){1 - t + t * of(spec, "alpha_min", 1e-3L),
                          t + (1 - t) * of(spec, "sigma_min", 1e-3L)};
}

static struct exact decay(const char *spec, long double t)
{
    long double gamma = of(spec, "gamma", 0.1L);
    return rectified(spec, -expm1l(t * logl(gamma)) / (1 - gamma));
}

static struct exact vp_sde(const char *spec, long double t)
{
    long double u = (1 - t) * of(spec, "eps", 1e-3L) + t;
    long double log_square =
        -of(spec, "beta_d", 19.9L) * u * u / 2 - of(spec, "beta_min", 0.1L) * u;
    return (struct exact){expl(log_square / 2), sqrtl(-expm1l(log_square))};
}

static struct exact edm(const char *spec, long double t)
{
    long double rho = of(spec, "rho", 7);
    long double low = powl(of(spec, "sigma_min", 0.002L), 1 / rho);
    long double high = powl(of(spec, "sigma_max", 80), 1 / rho);
    return (struct exact){1, powl((1 - t) * low + t * high, rho)};
}

/* Flux's log a: 0.5 at 256 tokens, 1.15 at 4096, and linear. */
static long double log_shift(const char *spec)
{
    long double few = of(spec, "base_tokens", 256), many = of(spec, "max_tokens", 4096);
    long double low = of(spec, "base_shift", 0.5L), high = of(spec, "max_shift", 1.15L);
    return low + (high - low) * (of(spec, "tokens", 0) - few) / (many - few);
}

static struct exact flow(const char *spec, long double t)
{
    long double a = option(spec, "tokens") ? expl(log_shift(spec)) : of(spec, "shift", 1);
    return (struct exact){(1 - t) / (1 + (a - 1) * t), a * t / (1 + (a - 1) * t)};
}

/* Each beta is of point k of `count`. */
typedef long double beta_fn(const char *spec, long double k, long double count);

static long double linear(const char *spec, long double k, long double count)
{
    long double first = of(spec, "first", 1e-4L), last = of(spec, "last", 0.02L);
    return first + (last - first) * k / (count - 1);
}

static long double scaled_linear(const char *spec, long double k, long double count)
{
    long double first = sqrtl(of(spec, "first", 0.00085L)), last = sqrtl(of(spec, "last", 0.012L));
    return powl(first + (last - first) * k / (count - 1), 2);
}

static long double sigmoid(const char *spec, long double k, long double count)
{
    long double first = of(spec, "first", 1e-4L), last = of(spec, "last", 0.02L);
    return first + (last - first) / (1 + expl(6 - 12 * k / (count - 1)));
}

static long double squared_cosine(long double u, long double s)
{
    return powl(cosl((u + s) / (1 + s) * acosl(-1) / 2), 2);
}

static long double cosine_table(const char *spec, long double k, long double count)
{
    long double s = of(spec, "offset", 0.008L);
    return fminl(of(spec, "cap", 0.999L),
                 1 - squared_cosine((k + 1) / count, s) / squared_cosine(k / count, s));
}

static long double exponential(const char *spec, long double k, long double count)
{
    (void)k;
    return fminl(of(spec, "cap", 0.999L), 1 - expl(-of(spec, "rate", 12) / count));
}

static long double laplace_power(long double u)
{
    long double d = 1 - fabsl(1 - 2 * u) + 1e-6L, s = powl(d, u > 0.5L ? 0.5L : -0.5L);
    return sqrtl(s / (1 + s));
}

static long double laplace(const char *spec, long double k, long double count)
{
    return fminl(of(spec, "cap", 0.999L),
                 1 - laplace_power((k + 1) / count) / laplace_power(k / count));
}

/* The alphas of a table, by plain multiplication. */
enum { MOST_TRAIN = 1000 };
struct table {
    int count;
    long double alpha[MOST_TRAIN];
};

static void make_table(struct table *table, const char *spec, beta_fn *beta)
{
    long double power = 1;
    table->count = (int)of(spec, "train", 1000);
    for (int k = 0; k < table->count; k++)
        table->alpha[k] = sqrtl(power *= 1 - beta(spec, k, table->count));
    const char *zero = option(spec, "zero_snr");
    if (!zero || strncmp(zero, "yes", 3) != 0) return;
    /* 2305.08891, algorithm 1 */
    long double first = table->alpha[0], last = table->alpha[table->count - 1];
    for (int k = 0; k < table->count; k++)
        table->alpha[k] = (table->alpha[k] - last) * first / (first - last);
}

/* Between the points log(sigma / alpha) is linear in t, or, where alpha falls to 0, alpha / sigma;
 * alpha^2 + sigma^2 = 1. */
static struct exact table_at(const struct table *table, long double t)
{
    long double at = t * (table->count - 1);
    int k = at < table->count - 1 ? (int)at : table->count - 2;
    long double part = at - k, a = table->alpha[k], b = table->alpha[k + 1];
    long double now = a / sqrtl(1 - a * a), next = b / sqrtl(1 - b * b);
    long double snr = b == 0 ? (1 - part) * now : powl(now, 1 - part) * powl(next, part);
    return (struct exact){snr / sqrtl(1 + snr * snr), 1 / sqrtl(1 + snr * snr)};
}

/* A formula in t, or a table's beta. */
static const struct row {
    const char *spec;
    struct exact (*formula)(const char *spec, long double t);
    beta_fn *beta;
} rows[] = {
    {"vp", vp, NULL},
    {"vp:alpha_min=0.02,sigma_min=0.3", vp, NULL},
    {"vp:sigma_min=1e-9", vp, NULL},
    {"ve", ve, NULL},
    {"ve:sigma_min=0.01,sigma_max=157", ve, NULL},
    {"cosine", cosine, NULL},
    {"cosine:alpha_min=0.02,sigma_min=0.3", cosine, NULL},
    {"rectified", rectified, NULL},
    {"rectified:alpha_min=0.02,sigma_min=0.3", rectified, NULL},
    {"decay", decay, NULL},
    {"decay:alpha_min=0.02,sigma_min=0.3,gamma=0.7", decay, NULL},
    {"vp_sde", vp_sde, NULL},
    {"vp_sde:beta_d=9,beta_min=0.7,eps=0", vp_sde, NULL},
    {"vp_sde:beta_d=0,eps=0.2", vp_sde, NULL},
    {"edm", edm, NULL},
    {"edm:sigma_min=0,sigma_max=700,rho=3", edm, NULL},
    {"edm:sigma_min=0.01,rho=0.5", edm, NULL},
    {"flow", flow, NULL},
    {"flow:shift=3", flow, NULL},
    {"flow:shift=0.1", flow, NULL},
    {"flow:tokens=256", flow, NULL},
    {"flow:tokens=4096", flow, NULL},
    {"flow:tokens=3,base_tokens=1,max_tokens=2,base_shift=0.25,max_shift=1", flow, NULL},
    {"beta_linear", NULL, linear},
    {"beta_linear:train=60,first=0.001,last=0.05", NULL, linear},
    {"beta_linear:train=60,zero_snr=yes", NULL, linear},
    {"beta_scaled_linear", NULL, scaled_linear},
    {"beta_scaled_linear:train=11,first=0.01,last=0.2", NULL, scaled_linear},
    {"beta_scaled_linear:zero_snr=yes", NULL, scaled_linear},
    {"beta_cosine", NULL, cosine_table},
    {"beta_cosine:train=11,offset=0.03,cap=0.7", NULL, cosine_table},
    {"beta_cosine:train=60,zero_snr=yes", NULL, cosine_table},
    {"beta_sigmoid", NULL, sigmoid},
    {"beta_sigmoid:train=60,first=0.001,last=0.05", NULL, sigmoid},
    {"beta_sigmoid:train=60,zero_snr=yes", NULL, sigmoid},
    {"beta_exp", NULL, exponential},
    {"beta_exp:train=60,rate=5", NULL, exponential},
    {"beta_exp:train=11,cap=0.4,zero_snr=yes", NULL, exponential},
    {"beta_laplace", NULL, laplace},
    {"beta_laplace:train=60", NULL, laplace},
    {"beta_laplace:train=11,cap=0.2,zero_snr=yes", NULL, laplace},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool near(double value, long double exact, long double bound)
{
    return value == (double)exact || fabsl(value - exact) <= bound;
}

/* alpha, sigma and their logarithms to `bound`. A logarithm that is small beside that of
 * sigma / alpha, which is what coefficients are made of, may be off by as much. */
static void check(const char *spec, const quell_schedule *schedule, double t, struct exact exact,
                  long double bound)
{
    quell_point p;
    MUST(quell_schedule_point(schedule, t, &p));
    long double log_alpha = logl(exact.alpha), log_sigma = logl(exact.sigma);
    long double ratio = fabsl(log_alpha - log_sigma), size = isinf(ratio) ? 1 : fmaxl(1, ratio);
    CHECK(near(p.alpha, exact.alpha, bound * exact.alpha), "%s at %.17g: alpha %.17g, not %.17Lg",
          spec, t, p.alpha, exact.alpha);
    CHECK(near(p.sigma, exact.sigma, bound * exact.sigma), "%s at %.17g: sigma %.17g, not %.17Lg",
          spec, t, p.sigma, exact.sigma);
    CHECK(near(p.log_alpha, log_alpha, bound * size), "%s at %.17g: log alpha %.17g, not %.17Lg",
          spec, t, p.log_alpha, log_alpha);
    CHECK(near(p.log_sigma, log_sigma, bound * size), "%s at %.17g: log sigma %.17g, not %.17Lg",
          spec, t, p.log_sigma, log_sigma);
}

static void check_formula(const struct row *row, const quell_schedule *schedule)
{
    static const double ends[] = {0,    1e-300, 0x1p-60,     1e-12,       1e-9, 1e-5,
                                  1e-4, 0.0151, 1 - 0x1p-30, 1 - 0x1p-53, 1};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        check(row->spec, schedule, ends[i], row->formula(row->spec, ends[i]), 1e-14L);
    for (int k = 1; k < 1000; k++)
        check(row->spec, schedule, k / 1000.0, row->formula(row->spec, k / 1000.0), 1e-14L);
}

/* At the points of the table, at both of its ends, and between. */
static void check_table(const struct row *row, const quell_schedule *schedule)
{
    static struct table table;
    make_table(&table, row->spec, row->beta);
    for (int k = 0; k < table.count; k++)
        check(row->spec, schedule, k / ((double)table.count - 1),
              (struct exact){table.alpha[k], sqrtl(1 - powl(table.alpha[k], 2))}, 1e-12L);
    for (int k = 0; k <= 997; k++)
        check(row->spec, schedule, k / 997.0, table_at(&table, k / 997.0L), 1e-12L);
    check(row->spec, schedule, 1e-12, table_at(&table, 1e-12L), 1e-12L);
}

TEST(schedule, formulas)
{
    for (size_t i = 0; i < ROWS; i++) {
        quell_schedule *schedule = must_schedule(rows[i].spec);
        if (rows[i].formula)
            check_formula(&rows[i], schedule);
        else
            check_table(&rows[i], schedule);
        quell_schedule_free(schedule);
    }
}

static bool is_of(const char *spec, const char *name)
{
    size_t length = strlen(name);
    return !strncmp(spec, name, length) && (!spec[length] || spec[length] == ':');
}

/* Whether a row has this schedule with this option, or, where that is NULL, with its defaults. */
static bool has(const char *name, const char *set)
{
    for (size_t i = 0; i < ROWS; i++)
        if (is_of(rows[i].spec, name) &&
            (set ? option(rows[i].spec, set) != NULL : !strchr(rows[i].spec, ':')))
            return true;
    return false;
}

TEST(schedule, all_have_a_formula)
{
    quell_entry entry = quell_entry_init();
    quell_entry_option one = quell_entry_option_init();
    size_t found = 0;
    for (size_t i = 0; !quell_list(QUELL_LIST_SCHEDULES, i, &entry); i++, found++) {
        CHECK(has(entry.name, NULL), "no formula of %s, in tests/schedules/test_formulas.c",
              entry.name);
        for (size_t k = 0; !quell_list_option(QUELL_LIST_SCHEDULES, i, k, &one); k++)
            CHECK(has(entry.name, one.name), "no row of %s with the option %s", entry.name,
                  one.name);
    }
    CHECK(found > 10, "%zu schedules", found);
}
