/* SPDX-License-Identifier: MIT */
/* Grids on the points of a discrete schedule's table, those that its model was trained at.
 *
 * `discrete`: diffusers' three ways to space n of N steps of training (Lin et al., 2305.08891,
 * table 2), to the nearest whole one, halves to the even:
 *
 *     linspace   (N - 1)(1 - i / (n - 1))
 *     leading    (n - 1 - i) floor(N / n) + offset
 *     trailing   N - i N / n - 1
 *
 * `simple`: ComfyUI's, N - 1 - floor(i N / n). Other schedules have no such steps: there simple is
 * t = start + (stop - start) i / n. */
#include "grid.h"
#include "base/fail.h"

#include <math.h>

/* Point k of the table. At the grid's ends, the points of the schedule itself are used. */
static quell_status at_table(const struct quell_grid *grid, double k, quell_point *point)
{
    double last = (double)(grid->schedule->count - 1);
    return quell_grid_at_time(grid, k == last ? 0 : k == 0 ? 1 : 0.5, k / last, point);
}

static quell_status check(const struct quell_grid *grid, double most)
{
    if (grid->first.t < 1 || grid->last.t > 0)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid '%s': start must be 1 and stop 0, for it spaces the whole table",
                          grid->name);
    if ((double)grid->steps <= most) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "grid '%s': %zu steps, but the schedule's table has %zu points; take at most "
                      "%g, or linear",
                      grid->name, grid->steps, grid->schedule->count, most);
}

/* Rounds x >= 0 to the nearest whole number, halves to the even one. */
static double nearest(double x)
{
    double up = floor(x + 0.5);
    return up - x == 0.5 && up != 2 * floor(up / 2) ? up - 1 : up;
}

enum { SPACING = QUELL_GRID_OWN, OFFSET };
enum { LINSPACE, LEADING, TRAILING };

/* The i-th of n points, as an index into the table. */
static double place_of(int spacing, double offset, double i, double n, double train)
{
    if (spacing == LEADING) return (n - 1 - i) * floor(train / n) + offset;
    if (spacing == TRAILING) {
        double step = train - (train - train / n); /* rounded as NumPy's arange has it */
        return nearest(train - i * step) - 1;
    }
    return n > 1 ? nearest((n - 1 - i) * ((train - 1) / (n - 1))) : train - 1;
}

/* linspace ends at the table's first point. The others stop before it: a further step leads to it,
 * or to sigma = 0. */
static quell_status fill_discrete(const struct quell_grid *grid, quell_point *points)
{
    int spacing = (int)grid->option[SPACING];
    double train = (double)grid->schedule->count, offset = grid->option[OFFSET];
    if (!grid->schedule->table)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid 'discrete': the schedule has no table of betas; take linear or "
                          "sgm_uniform");
    if (offset > 0 && spacing != LEADING)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid 'discrete': steps_offset needs spacing=leading");
    bool to_first = spacing != LINSPACE && grid->count > grid->steps;
    if (to_first && spacing == LEADING && offset == 0)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid 'discrete': spacing=leading ends at the table's first point, so "
                          "there is no last step to it; take steps_offset=1 or final=zero");
    size_t n = to_first ? grid->steps : grid->count;
    quell_status status = check(grid, to_first ? train - 1 : train);
    if (!status && place_of(spacing, offset, 0, (double)n, train) >= train)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "grid 'discrete': steps_offset %g goes beyond the table of %g points",
                          offset, train);
    for (size_t i = 0; i < n && !status; i++)
        status = at_table(grid, place_of(spacing, offset, (double)i, (double)n, train), &points[i]);
    if (to_first) points[n] = grid->last;
    return status;
}

static quell_status fill_simple(const struct quell_grid *grid, quell_point *points)
{
    if (!grid->schedule->table) return quell_grid_sgm_uniform.fill(grid, points);
    size_t train = grid->schedule->count;
    bool to_first = grid->count > grid->steps;
    quell_status status = check(grid, (double)(to_first ? train - 1 : train));
    for (size_t i = 0; i < grid->steps && !status; i++)
        status = at_table(grid, (double)(train - 1 - i * train / grid->steps), &points[i]);
    if (to_first) points[grid->steps] = grid->last;
    return status;
}

static const struct quell_option discrete_options[] = {
    QUELL_GRID_FINAL,
    QUELL_CHOICE("spacing", TRAILING, "linspace|leading|trailing",
                 "spacing of the points, as diffusers names it"),
    QUELL_WHOLE("steps_offset", 0, 0, 1e6, "added to each point, with spacing=leading"),
    {0}};

const struct quell_grid_row quell_grid_discrete = {
    .name = "discrete",
    .summary = "points of a discrete schedule's table, spaced as in diffusers",
    .source = "arXiv:2305.08891",
    .options = discrete_options,
    .fill = fill_discrete,
};

static const struct quell_option simple_options[] = {QUELL_GRID_FINAL, {0}};

const struct quell_grid_row quell_grid_simple = {
    .name = "simple",
    .summary = "points of a discrete schedule's table, spaced as in ComfyUI",
    .source = "ComfyUI",
    .options = simple_options,
    .fill = fill_simple,
};
