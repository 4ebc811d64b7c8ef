/* SPDX-License-Identifier: MIT */
/* Schedules inside the library: the public ones plus the logarithms that coefficients need. */
#ifndef QUELL_CORE_SCHEDULE_H
#define QUELL_CORE_SCHEDULE_H

#include <stdatomic.h>
#include <quell/plan.h>
#include <quell/schedule.h>
#include "base/options.h"

/* Fills alpha, sigma and their logarithms at point->t; 0, or < 0 on a callback's error. */
typedef int quell_schedule_point_fn(const quell_schedule *schedule, quell_point *point);

struct quell_schedule {
    quell_schedule_point_fn *point;
    atomic_size_t holds;
    double options[QUELL_MAX_OPTIONS];
    size_t count; /* discrete: the table of log(sigma / alpha) */
    double *table;
    quell_schedule_fn *function; /* the caller's own */
    void *user;
};

/* A schedule by name: a row of the table in schedule.c. */
struct quell_schedule_row {
    const char *name, *summary;
    quell_schedule_point_fn *point;
    const struct quell_option *options;
    /* For discrete schedules: beta[0..count). */
    double (*beta)(const double *options, size_t i, size_t count);
};

/* The i-th row, NULL past the end. */
const struct quell_schedule_row *quell_schedule_row(size_t i);

/* The schedule at t, checked: t in [0, 1], alpha and sigma finite, >= 0 and not both 0. */
quell_status quell_schedule_point(const quell_schedule *schedule, double t, quell_point *point);

/* The point where log(alpha / sigma) = lambda; beyond the ends, see quell_plan_at_lambda. */
quell_status quell_schedule_at_lambda(const quell_schedule *schedule, double lambda,
                                      quell_point *point);

void quell_schedule_hold(const quell_schedule *schedule);

/* Discrete tables (schedule_discrete.c). */
int quell_discrete_point(const quell_schedule *schedule, quell_point *point);
double quell_beta_linear(const double *options, size_t i, size_t count);
double quell_beta_scaled_linear(const double *options, size_t i, size_t count);
double quell_beta_cosine(const double *options, size_t i, size_t count);

#endif
