/* SPDX-License-Identifier: MIT */
/* Discrete schedules: DDPM's tables of betas, made continuous.
 *
 * Point k of N lies at t = k / (N - 1). The table holds log(sigma_k / alpha_k), half the negative
 * log-SNR; in between it is linear, as in k-diffusion's discrete schedules, and alpha and sigma
 * follow from alpha^2 + sigma^2 = 1. */
#include "schedule.h"
#include "base/maths.h"

int quell_discrete_point(const quell_schedule *schedule, quell_point *p)
{
    double at = p->t * (double)(schedule->count - 1);
    size_t k = (size_t)at;
    if (k > schedule->count - 2) k = schedule->count - 2;
    double part = at - (double)k;
    double log_ratio = (1 - part) * schedule->table[k] + part * schedule->table[k + 1];
    /* alpha = 1 / sqrt(1 + r^2), sigma = r / sqrt(1 + r^2), r = sigma / alpha */
    p->log_alpha = log_ratio < 350 ? -quell_log1p(quell_exp(2 * log_ratio)) / 2 : -log_ratio;
    p->log_sigma = log_ratio + p->log_alpha;
    p->alpha = quell_exp(p->log_alpha);
    p->sigma = quell_exp(p->log_sigma);
    return 0;
}

enum { TRAIN, FIRST, LAST };

static double along(double first, double last, size_t i, size_t count)
{
    return first + (last - first) * (double)i / (double)(count - 1);
}

/* Ho et al., 2006.11239, section 4 */
double quell_beta_linear(const double *options, size_t i, size_t count)
{
    return along(options[FIRST], options[LAST], i, count);
}

/* Rombach et al., 2112.10752: linear in the square root */
double quell_beta_scaled_linear(const double *options, size_t i, size_t count)
{
    double root = along(sqrt(options[FIRST]), sqrt(options[LAST]), i, count);
    return root * root;
}

/* Nichol & Dhariwal, 2102.09672, eq. 17: alpha^2 = cos^2((t + s) / (1 + s) pi / 2) */
double quell_beta_cosine(const double *options, size_t i, size_t count)
{
    const double half_pi = 1.57079632679489661923;
    double offset = options[FIRST], cap = options[LAST];
    double unit = half_pi / (1 + offset), step = unit / (double)count;
    double now = unit * ((double)i / (double)count + offset);
    /* 1 - cos^2(now + step) / cos^2(now), without the difference */
    double beta = quell_sin(step) * quell_sin(2 * now + step) / (quell_cos(now) * quell_cos(now));
    return beta < cap ? beta : cap;
}
