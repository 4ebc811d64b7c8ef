/* SPDX-License-Identifier: MIT */
/* Noise schedules with azula's formulas and defaults (azula/noise.py 0.11.1), one function each.
 *
 * Samplers need differences of log alpha and log sigma: each schedule gives the logarithms from
 * its own formula, and 1 - alpha^2 through expm1, so that no digits cancel near t = 0. */
#include "schedule.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/maths.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALPHA_MIN, SIGMA_MIN, GAMMA };

/* alpha = exp(t^2 log alpha_min), sigma^2 = 1 - alpha^2 + sigma_min^2 */
static int vp(const quell_schedule *schedule, quell_point *p)
{
    double sigma_min = schedule->options[SIGMA_MIN];
    p->log_alpha = p->t * p->t * quell_log(schedule->options[ALPHA_MIN]);
    p->alpha = quell_exp(p->log_alpha);
    p->sigma = sqrt(-quell_expm1(2 * p->log_alpha) + sigma_min * sigma_min);
    p->log_sigma = quell_log(p->sigma);
    return 0;
}

/* alpha = 1, sigma = exp((1 - t) log sigma_min + t log sigma_max) */
static int ve(const quell_schedule *schedule, quell_point *p)
{
    double sigma_min = schedule->options[0], sigma_max = schedule->options[1];
    p->alpha = 1;
    p->log_alpha = 0;
    p->log_sigma = (1 - p->t) * quell_log(sigma_min) + p->t * quell_log(sigma_max);
    p->sigma = quell_exp(p->log_sigma);
    return 0;
}

/* alpha = cos(t arccos alpha_min), sigma^2 = 1 - alpha^2 + sigma_min^2; alpha is worked out from
 * the nearer end, so that it keeps its digits where it is small, and its logarithm where that is */
static int cosine(const quell_schedule *schedule, quell_point *p)
{
    double alpha_min = schedule->options[ALPHA_MIN], sigma_min = schedule->options[SIGMA_MIN];
    double whole = quell_acos(alpha_min), angle = p->t * whole;
    double sine = quell_sin(angle), half = quell_sin(angle / 2);
    if (p->t < 0.5) {
        p->alpha = quell_cos(angle);
        p->log_alpha = quell_log1p(-2 * half * half);
    } else {
        p->alpha = quell_sin(quell_asin(alpha_min) + (1 - p->t) * whole);
        p->log_alpha = quell_log(p->alpha);
    }
    p->sigma = sqrt(sine * sine + sigma_min * sigma_min);
    p->log_sigma = quell_log(p->sigma);
    return 0;
}

/* alpha = tau alpha_min + rest, sigma = tau + rest sigma_min, rest = 1 - tau */
static int straight(const quell_schedule *schedule, double tau, double rest, quell_point *p)
{
    double alpha_min = schedule->options[ALPHA_MIN];
    p->alpha = rest + tau * alpha_min;
    p->log_alpha = tau < 0.5 ? quell_log1p(tau * (alpha_min - 1)) : quell_log(p->alpha);
    p->sigma = tau + rest * schedule->options[SIGMA_MIN];
    p->log_sigma = quell_log(p->sigma);
    return 0;
}

static int rectified(const quell_schedule *schedule, quell_point *p)
{
    return straight(schedule, p->t, 1 - p->t, p);
}

/* rectified at tau = (1 - gamma^t) / (1 - gamma); 1 - tau = (gamma^t - gamma) / (1 - gamma) */
static int decay(const quell_schedule *schedule, quell_point *p)
{
    double gamma = schedule->options[GAMMA], rate = quell_log(gamma);
    double tau = -quell_expm1(p->t * rate) / (1 - gamma);
    double rest = gamma * quell_expm1((p->t - 1) * rate) / (1 - gamma);
    return straight(schedule, tau, rest, p);
}

static int from_function(const quell_schedule *schedule, quell_point *p)
{
    if (schedule->function(schedule->user, p->t, &p->alpha, &p->sigma) < 0) return -1;
    p->log_alpha = quell_log(p->alpha);
    p->log_sigma = quell_log(p->sigma);
    return 0;
}

#define TINY 1e-30
#define MINIMA                                                         \
    QUELL_NUMBER("alpha_min", 1e-3, TINY, 1 - 1e-9, "alpha at t = 1"), \
        QUELL_NUMBER("sigma_min", 1e-3, TINY, 1 - 1e-9, "sigma at t = 0")
#define TRAIN QUELL_WHOLE("train", 1000, 2, 1e6, "points of the table")

static const struct quell_option minima[] = {MINIMA, {0}};
static const struct quell_option minima_gamma[] = {
    MINIMA,
    QUELL_NUMBER("gamma", 0.1, TINY, 1 - 1e-9, "decay factor; smaller: more time at low noise"),
    {0}};
static const struct quell_option extremes[] = {
    QUELL_NUMBER("sigma_min", 1e-3, TINY, 1e30, "sigma at t = 0"),
    QUELL_NUMBER("sigma_max", 1e3, TINY, 1e30, "sigma at t = 1"),
    {0}};
static const struct quell_option beta_linear[] = {
    TRAIN,
    QUELL_NUMBER("first", 1e-4, TINY, 0.999, "first beta"),
    QUELL_NUMBER("last", 0.02, TINY, 0.999, "last beta"),
    {0}};
static const struct quell_option beta_scaled[] = {
    TRAIN,
    QUELL_NUMBER("first", 0.00085, TINY, 0.999, "first beta"),
    QUELL_NUMBER("last", 0.012, TINY, 0.999, "last beta"),
    {0}};
static const struct quell_option beta_cosine[] = {
    TRAIN,
    QUELL_NUMBER("offset", 0.008, 0, 1, "s of the paper"),
    QUELL_NUMBER("cap", 0.999, TINY, 0.999999, "largest beta"),
    {0}};

static const struct quell_schedule_row rows[] = {
    {"vp", "variance preserving, alpha = exp(t^2 log alpha_min)", vp, minima, NULL},
    {"ve", "variance exploding, log sigma linear in t", ve, extremes, NULL},
    {"cosine", "alpha = cos(t arccos alpha_min)", cosine, minima, NULL},
    {"rectified", "straight paths (rectified flow, flow matching)", rectified, minima, NULL},
    {"decay", "straight paths with exponentially decaying time", decay, minima_gamma, NULL},
    {"beta_linear", "DDPM's linear betas, discrete", quell_discrete_point, beta_linear,
     quell_beta_linear},
    {"beta_scaled_linear", "latent diffusion's scaled linear betas, discrete", quell_discrete_point,
     beta_scaled, quell_beta_scaled_linear},
    {"beta_cosine", "improved DDPM's cosine betas, discrete", quell_discrete_point, beta_cosine,
     quell_beta_cosine},
};

#define ROWS (sizeof rows / sizeof *rows)

const struct quell_schedule_row *quell_schedule_row(size_t i) { return i < ROWS ? &rows[i] : NULL; }

const char *quell_schedule_name(size_t i) { return i < ROWS ? rows[i].name : NULL; }

const char *quell_schedule_summary(size_t i) { return i < ROWS ? rows[i].summary : NULL; }

quell_status quell_schedule_point(const quell_schedule *schedule, double t, quell_point *point)
{
    if (!(t >= 0 && t <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: t is %g, must be from 0 to 1", t);
    point->t = t;
    if (schedule->point(schedule, point) < 0)
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: the callback failed at t = %g", t);
    if (point->alpha >= 0 && point->sigma >= 0 && point->alpha + point->sigma > 0 &&
        isfinite(point->alpha) && isfinite(point->sigma))
        return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "schedule: alpha = %g and sigma = %g at t = %g; must be finite, >= 0 and not "
                      "both 0",
                      point->alpha, point->sigma, t);
}

quell_status quell_schedule_at(const quell_schedule *schedule, double t, double *alpha,
                               double *sigma)
{
    if (!schedule) return quell_fail(QUELL_BAD_ARGUMENT, "schedule: is NULL");
    QUELL_OWN_FLOATS;
    quell_point point;
    quell_status status = quell_schedule_point(schedule, t, &point);
    if (status) return status;
    if (alpha) *alpha = point.alpha;
    if (sigma) *sigma = point.sigma;
    return QUELL_OK;
}

static quell_schedule *new_schedule(quell_schedule_point_fn *point)
{
    quell_schedule *schedule = quell_new(1, sizeof *schedule);
    if (!schedule) {
        quell_fail(QUELL_NO_MEMORY, "schedule: no memory");
        return NULL;
    }
    schedule->point = point;
    atomic_init(&schedule->holds, 1);
    return schedule;
}

static const struct quell_schedule_row *find_row(const char *spec)
{
    size_t length = quell_spec_name(spec);
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == length && !memcmp(rows[i].name, spec, length)) return &rows[i];
    return NULL;
}

/* The table of a discrete schedule by name. */
static quell_status from_row_betas(quell_schedule **out, const struct quell_schedule_row *row,
                                   const double *options)
{
    size_t count = (size_t)options[0];
    double *betas = quell_new(count, sizeof *betas);
    if (!betas) return quell_fail(QUELL_NO_MEMORY, "schedule: no memory for %zu betas", count);
    for (size_t i = 0; i < count; i++) betas[i] = row->beta(options, i, count);
    quell_status status = quell_schedule_from_betas(out, count, betas);
    free(betas);
    return status;
}

static quell_status create(quell_schedule **out, const char *spec)
{
    const struct quell_schedule_row *row = find_row(spec);
    if (!row)
        return quell_fail(QUELL_NOT_FOUND, "schedule '%s': no such schedule; see `quell list`",
                          spec);
    double options[QUELL_MAX_OPTIONS];
    quell_spec_defaults(row->options, options);
    quell_status status = quell_spec_options("schedule", spec, row->options, options);
    if (status) return status;
    if (row->beta) return from_row_betas(out, row, options);
    quell_schedule *schedule = new_schedule(row->point);
    if (!schedule) return QUELL_NO_MEMORY;
    memcpy(schedule->options, options, sizeof options);
    *out = schedule;
    return QUELL_OK;
}

quell_status quell_schedule_create(quell_schedule **schedule, const char *spec)
{
    if (!schedule || !spec) return quell_fail(QUELL_BAD_ARGUMENT, "schedule: an argument is NULL");
    QUELL_OWN_FLOATS;
    return create(schedule, spec);
}

quell_status quell_schedule_from_function(quell_schedule **schedule, quell_schedule_fn *function,
                                          void *user)
{
    if (!schedule || !function)
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: an argument is NULL");
    quell_schedule *made = new_schedule(from_function);
    if (!made) return QUELL_NO_MEMORY;
    made->function = function;
    made->user = user;
    *schedule = made;
    return QUELL_OK;
}

quell_status quell_schedule_from_betas(quell_schedule **schedule, size_t count, const double *betas)
{
    if (!schedule || !betas || count < 2)
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: needs a table of 2 betas or more");
    for (size_t i = 0; i < count; i++)
        if (!(betas[i] > 0 && betas[i] < 1))
            return quell_fail(QUELL_BAD_ARGUMENT, "schedule: beta %zu is %g, must be in (0, 1)", i,
                              betas[i]);
    quell_schedule *made = new_schedule(quell_discrete_point);
    if (!made) return QUELL_NO_MEMORY;
    made->table = quell_new(count, sizeof *made->table);
    if (!made->table) {
        quell_schedule_free(made);
        return quell_fail(QUELL_NO_MEMORY, "schedule: no memory for %zu betas", count);
    }
    made->count = count;
    QUELL_OWN_FLOATS;
    double log_alpha = 0; /* alpha^2 = prod (1 - beta), sigma^2 = 1 - alpha^2 */
    for (size_t i = 0; i < count; i++) {
        log_alpha += quell_log1p(-betas[i]) / 2;
        made->table[i] = quell_log(-quell_expm1(2 * log_alpha)) / 2 - log_alpha;
    }
    *schedule = made;
    return QUELL_OK;
}

void quell_schedule_hold(const quell_schedule *schedule)
{
    atomic_fetch_add(&((quell_schedule *)(uintptr_t)schedule)->holds, 1);
}

void quell_schedule_free(quell_schedule *schedule)
{
    if (!schedule || atomic_fetch_sub(&schedule->holds, 1) != 1) return;
    free(schedule->table);
    free(schedule);
}
