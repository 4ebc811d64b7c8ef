/* SPDX-License-Identifier: MIT */
/* Discrete schedules: DDPM's tables of betas, made continuous.
 *
 * Point k of N lies at t = k / (N - 1). The table holds log(sigma_k / alpha_k), half the negative
 * log-SNR. It is interpolated linearly, as in k-diffusion's discrete schedules, and alpha and sigma
 * follow from alpha^2 + sigma^2 = 1. If the last entry is infinite (alpha = 0, the zero terminal
 * SNR of Lin et al., 2305.08891), alpha / sigma is linear before it. */
#include "schedule.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/floats.h"
#include "base/maths.h"
#include "base/memory.h"

#include <stdlib.h>

static double log_ratio_at(const quell_schedule *schedule, double t)
{
    double at = t * (double)(schedule->count - 1);
    size_t k = (size_t)at;
    if (k > schedule->count - 2) k = schedule->count - 2;
    double part = at - (double)k;
    if (isinf(schedule->table[k + 1])) return schedule->table[k] - quell_log1p(-part);
    return (1 - part) * schedule->table[k] + part * schedule->table[k + 1];
}

/* alpha = 1 / sqrt(1 + r^2), sigma = r / sqrt(1 + r^2), r = sigma / alpha */
int quell_discrete_point(const quell_schedule *schedule, quell_point *p)
{
    double log_ratio = log_ratio_at(schedule, p->t);
    p->log_alpha = log_ratio < 350 ? -quell_log1p(quell_exp(2 * log_ratio)) / 2 : -log_ratio;
    p->log_sigma = log_ratio < 350 ? log_ratio + p->log_alpha : 0;
    p->alpha = quell_exp(p->log_alpha);
    p->sigma = quell_exp(p->log_sigma);
    return 0;
}

/* Fills the table with log alpha_k, where alpha_k^2 = prod (1 - beta). */
static void accumulate(double *table, size_t count, const double *betas)
{
    double log_alpha = 0;
    for (size_t i = 0; i < count; i++) table[i] = log_alpha += quell_log1p(-betas[i]) / 2;
}

/* Replaces log alpha by log(sigma / alpha), with sigma^2 = 1 - alpha^2. */
static void to_ratios(double *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table[i] = quell_log(-quell_expm1(2 * table[i])) / 2 - table[i];
}

/* Like to_ratios, after alpha was shifted and scaled so that its last value is 0 and its first is
 * unchanged (Lin et al., 2305.08891, algorithm 1):
 *
 *     alpha'_k = (alpha_k - alpha_N) scale,  scale = alpha_0 / (alpha_0 - alpha_N),
 *     1 - alpha'_k = 1 - alpha_0 + (alpha_0 - alpha_k) scale. */
static void to_rescaled_ratios(double *table, size_t count)
{
    double first = table[0], last = table[count - 1], alpha_0 = quell_exp(first);
    double scale = -1 / quell_expm1(last - first);
    for (size_t i = 0; i + 1 < count; i++) {
        double alpha = -quell_exp(table[i]) * quell_expm1(last - table[i]) * scale;
        double short_of_1 = -quell_expm1(first) - alpha_0 * quell_expm1(table[i] - first) * scale;
        table[i] = quell_log(short_of_1 * (1 + alpha)) / 2 - quell_log(alpha);
    }
    table[count - 1] = (double)INFINITY;
}

static quell_status from_betas(quell_schedule **schedule, size_t count, const double *betas,
                               bool zero_snr)
{
    quell_schedule *made = quell_schedule_new(quell_discrete_point);
    if (!made) return QUELL_NO_MEMORY;
    made->table = quell_new(count, sizeof *made->table);
    if (!made->table) {
        quell_schedule_free(made);
        return quell_fail(QUELL_NO_MEMORY, "schedule: no memory for %zu betas", count);
    }
    made->count = count;
    QUELL_OWN_FLOATS;
    accumulate(made->table, count, betas);
    (zero_snr ? to_rescaled_ratios : to_ratios)(made->table, count);
    *schedule = made;
    return QUELL_OK;
}

quell_status quell_discrete_create(quell_schedule **schedule, const struct quell_schedule_row *row,
                                   const double *options)
{
    size_t count = (size_t)options[QUELL_BETA_TRAIN];
    double *betas = quell_new(count, sizeof *betas);
    if (!betas) return quell_fail(QUELL_NO_MEMORY, "schedule: no memory for %zu betas", count);
    for (size_t i = 0; i < count; i++) betas[i] = row->beta(options + QUELL_BETA_OWN, i, count);
    quell_status status = from_betas(schedule, count, betas, options[QUELL_BETA_ZERO_SNR] != 0);
    free(betas);
    return status;
}

quell_status quell_schedule_from_betas(quell_schedule **schedule, size_t count, const double *betas)
{
    if (!schedule || !betas)
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: %s is NULL",
                          schedule ? "betas" : "the place for it");
    if (count < 2)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "schedule: needs a table of 2 betas or more, and has %zu", count);
    for (size_t i = 0; i < count; i++)
        if (!(betas[i] > 0 && (betas[i] < 1 || (i == count - 1 && betas[i] == 1))))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "schedule: beta %zu is %s, must be in (0, 1); only the last may be 1",
                              i, QUELL_SAID(betas[i]));
    return from_betas(schedule, count, betas, false);
}
