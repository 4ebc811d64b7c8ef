/* SPDX-License-Identifier: MIT */
/* Schedules inside the library: the public ones plus the logarithms that coefficients need. */
#ifndef QUELL_CORE_SCHEDULE_H
#define QUELL_CORE_SCHEDULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <quell/grid.h>
#include <quell/schedule.h>
#include "base/spec.h"

/* Fills in alpha, sigma and their logarithms at point->t. Returns 0, or < 0 if a function reported
 * an error. */
typedef int quell_schedule_point_fn(const quell_schedule *schedule, quell_point *point);

struct quell_schedule {
    quell_schedule_point_fn *point;
    atomic_size_t holds;
    double options[QUELL_MAX_OPTIONS];
    size_t count; /* for a discrete schedule: the table of log(sigma / alpha) */
    double *table;
    quell_schedule_fn *function; /* the caller's own schedule */
    void *user;
    quell_release_fn *release;
};

/* A schedule by name: a row of a family below. `alias` is another name, diffusers' beta_schedule,
 * or NULL. */
struct quell_schedule_row {
    const char *name, *alias, *summary, *source;
    quell_schedule_point_fn *point;
    const struct quell_option *options;
    /* NULL, or a function that checks options against each other and computes values that depend on
     * them. */
    quell_status (*prepare)(double *options);
    /* For discrete schedules: beta[0..count). */
    double (*beta)(const double *options, size_t i, size_t count);
};

/* Creates a schedule from a row and values of all its options. */
quell_status quell_schedule_from_row(quell_schedule **out, const struct quell_schedule_row *row,
                                     const double *options);

/* Refuses an option that has no effect together with the others (schedule_effects.c). */
quell_status quell_schedule_effects(const struct quell_schedule_row *row, const char *spec,
                                    const double *options, const quell_schedule *schedule);

/* The families, each ended by a NULL name. */
extern const struct quell_schedule_row quell_schedules_azula[];
extern const struct quell_schedule_row quell_schedules_discrete[];
extern const struct quell_schedule_row quell_schedules_sde[];
extern const struct quell_schedule_row quell_schedules_flow[];

/* The smallest value of an option that must not be 0. */
#define QUELL_TINY 1e-30

/* Returns the i-th row, or NULL past the end. */
const struct quell_schedule_row *quell_schedule_row(size_t i);

/* Refuses a sigma_min that is not below sigma_max. */
quell_status quell_schedule_rises(const char *name, double sigma_min, double sigma_max);

/* Evaluates the schedule at t and checks the result: t in [0, 1], alpha and sigma finite, >= 0 and
 * not both 0. */
quell_status quell_schedule_point(const quell_schedule *schedule, double t, quell_point *point);

/* Finds the point where log(alpha / sigma) = lambda. For lambda beyond the ends, see
 * quell_plan_at_lambda. */
quell_status quell_schedule_at_lambda(const quell_schedule *schedule, double lambda,
                                      quell_point *point);

void quell_schedule_hold(const quell_schedule *schedule);

/* Creates a schedule with this formula and no options. Returns NULL, with a message, if there is no
 * memory. */
quell_schedule *quell_schedule_new(quell_schedule_point_fn *point);

/* Discrete tables (schedule_discrete.c): the points of a table, and the schedule of a row's betas.
 * The row's options begin with the first two below. */
enum { QUELL_BETA_TRAIN, QUELL_BETA_ZERO_SNR, QUELL_BETA_OWN };
int quell_discrete_point(const quell_schedule *schedule, quell_point *point);
quell_status quell_discrete_create(quell_schedule **schedule, const struct quell_schedule_row *row,
                                   const double *options);

#endif
