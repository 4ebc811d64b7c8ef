/* SPDX-License-Identifier: MIT */
/* Refuses options of a schedule that have no effect together with the others, such as any offset of
 * betas that are all cut to a tiny cap: an option that is given must make another schedule than its
 * default. */
#include "schedule.h"
#include "base/fail.h"

#include <string.h>

enum { PLACES = 32 };

/* Returns whether both schedules have the same table or, without a table, the same points. */
static bool are_same(const quell_schedule *a, const quell_schedule *b)
{
    if (a->table)
        return a->count == b->count && !memcmp(a->table, b->table, a->count * sizeof *a->table);
    for (int i = 0; i <= PLACES; i++) {
        quell_point p = {.t = i / (double)PLACES}, q = p;
        if (a->point(a, &p) || b->point(b, &q)) return false;
        if (memcmp(&p, &q, sizeof p)) return false;
    }
    return true;
}

quell_status quell_schedule_effects(const struct quell_schedule_row *row, const char *spec,
                                    const double *options, const quell_schedule *schedule)
{
    double without[QUELL_MAX_OPTIONS];
    for (size_t i = 0; row->options[i].name; i++) {
        const struct quell_option *option = &row->options[i];
        if (options[i] == option->value) continue;
        quell_schedule *other = NULL;
        memcpy(without, options, sizeof without);
        without[i] = option->value;
        quell_status status = quell_schedule_from_row(&other, row, without);
        if (status == QUELL_NO_MEMORY) return status;
        bool idle = !status && are_same(schedule, other);
        quell_schedule_free(other);
        if (idle)
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "schedule '%s': '%s' has no effect with the others; leave it out",
                              spec, option->name);
    }
    return QUELL_OK;
}
