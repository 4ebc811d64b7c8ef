/* SPDX-License-Identifier: MIT */
/* The levels of noise of other libraries' grids and schedules, which a script made
 * (tests/reference/grid_values.py), to the peer's own precision. */
#include "harness.h"
#include "models.h"
#include "grids/grid.h"

#include <math.h>

enum { MOST = 51 };

static const struct row {
    const char *peer, *schedule, *grid;
    double stop, tolerance;
    size_t steps;
    double ratios[MOST]; /* sigma / alpha */
} rows[] = {
#include "../reference/grid_values.inc"
};

static int near(double value, double exact, double tolerance)
{
    return value == exact || fabs(value - exact) <= tolerance * exact;
}

TEST(grid_reference, peers)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        quell_schedule *schedule = must_schedule(row->schedule);
        quell_point points[MOST];
        MUST(quell_grid_make(schedule, row->grid, 1, row->stop, row->steps, points));
        for (size_t k = 0; k <= row->steps; k++) {
            double ratio = exp(-quell_lambda(&points[k]));
            CHECK(near(ratio, row->ratios[k], row->tolerance),
                  "%s, %s, %s, %zu steps: point %zu has sigma / alpha = %.17g, not %.17g",
                  row->peer, row->schedule, row->grid, row->steps, k, ratio, row->ratios[k]);
        }
        quell_schedule_free(schedule);
    }
}
