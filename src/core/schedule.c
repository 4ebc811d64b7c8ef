/* SPDX-License-Identifier: MIT */
/* Schedules by name, from a function or from a table, and what all of them share. The formulas are
 * in the files schedule_*.c. */
#include "schedule.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/maths.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct quell_schedule_row *const families[] = {
    quell_schedules_azula,
    quell_schedules_discrete,
    quell_schedules_sde,
    quell_schedules_flow,
};

#define FAMILIES (sizeof families / sizeof *families)

const struct quell_schedule_row *quell_schedule_row(size_t i)
{
    for (size_t f = 0; f < FAMILIES; f++)
        for (const struct quell_schedule_row *row = families[f]; row->name; row++)
            if (i-- == 0) return row;
    return NULL;
}

quell_status quell_schedule_rises(const char *name, double sigma_min, double sigma_max)
{
    if (sigma_min < sigma_max) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "schedule: %s's sigma_min is %s, must be less than sigma_max, %s", name,
                      QUELL_SAID(sigma_min), QUELL_SAID(sigma_max));
}

quell_status quell_schedule_point(const quell_schedule *schedule, double t, quell_point *point)
{
    char text[QUELL_NUMBER_TEXT];
    if (!(t >= 0 && t <= 1))
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: t is %s, must be from 0 to 1",
                          quell_number_text(t, text));
    point->t = t;
    unsigned before = quell_fail_count();
    if (schedule->point(schedule, point) < 0) {
        bool explained = quell_fail_count() != before;
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: the function failed at t = %s%s%s",
                          QUELL_SAID(t), explained ? ": " : "",
                          explained ? quell_error_message() : "");
    }
    if (point->alpha >= 0 && point->sigma >= 0 && point->alpha + point->sigma > 0 &&
        isfinite(point->alpha) && isfinite(point->sigma))
        return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "schedule: alpha = %g and sigma = %g at t = %s; must be finite, >= 0 and not "
                      "both 0",
                      point->alpha, point->sigma, QUELL_SAID(t));
}

quell_status quell_schedule_at(const quell_schedule *schedule, double t, double *alpha,
                               double *sigma)
{
    if (!schedule) return quell_fail(QUELL_BAD_ARGUMENT, "schedule: it is NULL");
    QUELL_OWN_FLOATS;
    quell_point point;
    quell_status status = quell_schedule_point(schedule, t, &point);
    if (status) return status;
    if (alpha) *alpha = point.alpha;
    if (sigma) *sigma = point.sigma;
    return QUELL_OK;
}

quell_schedule *quell_schedule_new(quell_schedule_point_fn *point)
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
    const struct quell_schedule_row *row;
    for (size_t i = 0; (row = quell_schedule_row(i)); i++)
        if (quell_spec_is(spec, row->name) || quell_spec_is(spec, row->alias)) break;
    return row;
}

static quell_status refuse(const char *spec)
{
    if (!*spec)
        return quell_fail(QUELL_NOT_FOUND,
                          "schedule '': no such schedule; that of a model that asks for none is "
                          "empty: choose one, such as 'vp'");
    char text[QUELL_SPEC_HINT];
    struct quell_nearest nearest = quell_nearest_to(spec, quell_spec_name(spec));
    const struct quell_schedule_row *row;
    for (size_t i = 0; (row = quell_schedule_row(i)); i++) {
        quell_nearest_try(&nearest, row->name);
        if (row->alias) quell_nearest_try(&nearest, row->alias);
    }
    return quell_fail(QUELL_NOT_FOUND,
                      "schedule '%s': no such schedule%s; see `quell list schedules`", spec,
                      quell_spec_hint("schedule", spec, &nearest, text));
}

quell_status quell_schedule_from_row(quell_schedule **out, const struct quell_schedule_row *row,
                                     const double *options)
{
    double settled[QUELL_MAX_OPTIONS];
    memcpy(settled, options, sizeof settled);
    quell_status status = row->prepare ? row->prepare(settled) : QUELL_OK;
    if (status) return status;
    if (row->beta) return quell_discrete_create(out, row, settled);
    quell_schedule *schedule = quell_schedule_new(row->point);
    if (!schedule) return QUELL_NO_MEMORY;
    memcpy(schedule->options, settled, sizeof settled);
    *out = schedule;
    return QUELL_OK;
}

static quell_status create(quell_schedule **out, const char *spec)
{
    const struct quell_schedule_row *row = find_row(spec);
    if (!row) return refuse(spec);
    quell_schedule *made = NULL;
    double options[QUELL_MAX_OPTIONS] = {0}, usual[QUELL_MAX_OPTIONS];
    quell_spec_defaults(row->options, options);
    quell_spec_defaults(row->options, usual);
    quell_status status = quell_spec_options("schedule", spec, row->options, options);
    if (!status) status = quell_spec_effects("schedule", spec, row->options, usual, options);
    if (!status) status = quell_schedule_from_row(&made, row, options);
    if (!status) status = quell_schedule_effects(row, spec, options, made);
    if (status)
        quell_schedule_free(made);
    else
        *out = made;
    return status;
}

quell_status quell_schedule_create(quell_schedule **schedule, const char *spec)
{
    if (!schedule || !spec)
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: %s is NULL",
                          schedule ? "its spec" : "the place for it");
    QUELL_OWN_FLOATS;
    return create(schedule, spec);
}

static int from_function(const quell_schedule *schedule, quell_point *p)
{
    if (schedule->function(schedule->user, p->t, &p->alpha, &p->sigma)) return -1;
    p->log_alpha = quell_log(p->alpha);
    p->log_sigma = quell_log(p->sigma);
    return 0;
}

quell_status quell_schedule_from_function(quell_schedule **schedule, quell_schedule_fn *function,
                                          void *user, quell_release_fn *release)
{
    if (!schedule || !function)
        return quell_fail(QUELL_BAD_ARGUMENT, "schedule: %s is NULL",
                          schedule ? "the function" : "the place for it");
    quell_schedule *made = quell_schedule_new(from_function);
    if (!made) return QUELL_NO_MEMORY;
    made->function = function;
    made->user = user;
    made->release = release;
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
    if (schedule->release) schedule->release(schedule->user);
    free(schedule->table);
    free(schedule);
}
