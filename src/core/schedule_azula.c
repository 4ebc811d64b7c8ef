/* SPDX-License-Identifier: MIT */
/* Schedules with azula's formulas and defaults (azula/noise.py 0.11.1), one function each.
 *
 * Samplers need differences of log alpha and log sigma. So each schedule computes the logarithms by
 * a formula of their own, and 1 - alpha^2 through expm1, so that no digits cancel near t = 0. */
#include "schedule.h"
#include "base/maths.h"

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

/* alpha = cos(t arccos alpha_min), sigma^2 = 1 - alpha^2 + sigma_min^2. alpha is computed from the
 * nearer end, so that it keeps its digits if it is small, and its logarithm does if that is
 * small. */
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

static quell_status check_extremes(double *options)
{
    return quell_schedule_rises("ve", options[0], options[1]);
}

#define MINIMA                                                               \
    QUELL_NUMBER("alpha_min", 1e-3, QUELL_TINY, 1 - 1e-9, "alpha at t = 1"), \
        QUELL_NUMBER("sigma_min", 1e-3, QUELL_TINY, 1 - 1e-9, "sigma at t = 0")

static const struct quell_option minima[] = {MINIMA, {0}};
static const struct quell_option minima_gamma[] = {
    MINIMA,
    QUELL_NUMBER("gamma", 0.1, QUELL_TINY, 1 - 1e-9,
                 "decay factor; smaller: more time at low noise"),
    {0}};
static const struct quell_option extremes[] = {
    QUELL_NUMBER("sigma_min", 1e-3, QUELL_TINY, 1e30, "sigma at t = 0"),
    QUELL_NUMBER("sigma_max", 1e3, QUELL_TINY, 1e30, "sigma at t = 1"),
    {0}};
const struct quell_schedule_row quell_schedules_azula[] = {
    {.name = "vp",
     .summary = "variance preserving, alpha = exp(t^2 log alpha_min)",
     .source = "azula",
     .point = vp,
     .options = minima},
    {.name = "ve",
     .summary = "variance exploding, log sigma linear in t",
     .source = "azula",
     .point = ve,
     .options = extremes,
     .prepare = check_extremes},
    {.name = "cosine",
     .summary = "alpha = cos(t arccos alpha_min)",
     .source = "azula",
     .point = cosine,
     .options = minima},
    {.name = "rectified",
     .summary = "straight paths (rectified flow, flow matching)",
     .source = "azula",
     .point = rectified,
     .options = minima},
    {.name = "decay",
     .summary = "straight paths with exponentially decaying time",
     .source = "azula",
     .point = decay,
     .options = minima_gamma},
    {0},
};
