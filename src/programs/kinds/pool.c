/* SPDX-License-Identifier: MIT */
/* pool: the sum, mean or greatest element of a window at each of its positions over
 * x[channels][s...]. Out of bounds x is 0 for sums and means, which are over the whole window; the
 * greatest element is taken within bounds. */
#include "programs/kinds/window.h"

#include <math.h>

enum { WINDOW = QUELL_WINDOW_ATTRIBUTES, FUNCTION };
enum { MEAN, SUM, GREATEST };

static quell_status check_window(const struct quell_inference *at, size_t spatial)
{
    quell_status status = quell_list_or(at, WINDOW, spatial, 1, 1, (int64_t)1 << 31);
    struct quell_setting *set = at->of->set;
    if (!set[QUELL_STRIDE].given) set[QUELL_STRIDE] = set[WINDOW];
    if (!status) status = quell_list_or(at, QUELL_STRIDE, spatial, 1, 1, (int64_t)1 << 31);
    for (size_t d = 0; d < spatial && !status; d++)
        if (set[QUELL_BEFORE].whole[d] >= set[WINDOW].whole[d] ||
            set[QUELL_AFTER].whole[d] >= set[WINDOW].whole[d])
            return quell_refuse(at, "'before' and 'after' must be less than 'window'");
    return status;
}

/* Counts the work as if every tap of a window read an element. */
static quell_status count_work(const struct quell_inference *at)
{
    struct quell_shape window = {at->out.rank - 1, {0}};
    for (size_t d = 0; d < window.rank; d++) window.size[d] = (size_t)at->of->set[WINDOW].whole[d];
    if (!quell_shape_fits(&window)) return quell_refuse(at, "'window' has more than 2^31 elements");
    if (quell_shape_fits(&at->out))
        at->of->multiply_adds = quell_elements(&at->out) * quell_elements(&window);
    return QUELL_OK;
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    quell_status status = quell_window_check(at, false, 0);
    if (!status) status = check_window(at, x->rank - 1);
    if (status) return status;
    at->out = *x;
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_size(at, d, (size_t)at->of->set[WINDOW].whole[d]);
        if (size < 1)
            return quell_refuse_operand(at, 0, "is smaller than 'window' along dimension %zu",
                                        1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    at->of->scratch =
        quell_elements_of(&at->out, at->out.rank > 2 ? at->out.rank - 2 : 1, at->out.rank);
    return count_work(at);
}

/* A window over three dimensions, of which the first ones may be 1. `copy` holds the elements that
 * a tap reads of the last two dimensions. */
struct work {
    const struct quell_execution *at;
    int64_t in[3], out[3], taps[3], stride[3], before[3], dilation[3];
    enum quell_map_function function;
    float *copy;
};

static struct work work_of(const struct quell_execution *at)
{
    struct work work = {.at = at, .function = QUELL_MAP_ADD, .copy = at->scratch};
    size_t taps[QUELL_MOST_SPATIAL_DIMS];
    for (size_t d = 0; d < at->of->set[WINDOW].count; d++)
        taps[d] = (size_t)at->of->set[WINDOW].whole[d];
    struct quell_window window = quell_window_of(at, taps);
    if (quell_set(at->of, FUNCTION) == GREATEST) work.function = QUELL_MAP_MAX;
    for (size_t d = 0, skip = 3 - window.rank; d < 3; d++) {
        bool is = d >= skip;
        work.in[d] = is ? window.in[d - skip] : 1;
        work.out[d] = is ? window.out[d - skip] : 1;
        work.taps[d] = is ? window.taps[d - skip] : 1;
        work.stride[d] = is ? window.stride[d - skip] : 1;
        work.before[d] = is ? window.before[d - skip] : 0;
        work.dilation[d] = is ? window.dilation[d - skip] : 1;
    }
    return work;
}

/* Finds the places of the result at which a tap reads an element, along a dimension: from *begin up
 * to, but not including, the result. *first is the element that it reads at *begin. */
static int64_t seen_by(const struct work *work, size_t d, int64_t tap, int64_t *begin,
                       int64_t *first)
{
    int64_t from = tap * work->dilation[d] - work->before[d], stride = work->stride[d];
    int64_t end = from >= work->in[d] ? 0 : (work->in[d] - 1 - from) / stride + 1;
    *begin = from < 0 ? (stride - 1 - from) / stride : 0;
    *first = from + *begin * stride;
    return end < work->out[d] ? end : work->out[d];
}

/* Adds the elements that a tap of the last two dimensions reads in a plane to the plane of the
 * result. */
static void add_tap(const struct work *work, int64_t row_tap, int64_t column_tap, const float *x,
                    float *y)
{
    int64_t row, column, first_row, first_column;
    int64_t rows = seen_by(work, 1, row_tap, &row, &first_row) - row;
    int64_t columns = seen_by(work, 2, column_tap, &column, &first_column) - column;
    if (rows <= 0 || columns <= 0) return;
    size_t from_row = (size_t)(work->stride[1] * work->in[2]), out_row = (size_t)work->out[2];
    x += first_row * work->in[2] + first_column;
    y += row * work->out[2] + column;
    if (work->stride[2] > 1) {
        for (int64_t r = 0; r < rows; r++)
            work->at->kernels->every((size_t)columns, x + (size_t)r * from_row,
                                     (size_t)work->stride[2],
                                     work->copy + (size_t)r * (size_t)columns);
        x = work->copy;
        from_row = (size_t)columns;
    }
    work->at->kernels->map[work->function](&(struct quell_map){.rows = (size_t)rows,
                                                               .columns = (size_t)columns,
                                                               .out = y,
                                                               .out_row = out_row,
                                                               .in = {y, x},
                                                               .row = {out_row, from_row},
                                                               .column = {1, 1}});
}

/* Return the first tap along a dimension that reads any element, and the one after the last. */
static int64_t first_tap(const struct work *work, size_t d)
{
    int64_t reach = work->before[d] - (work->out[d] - 1) * work->stride[d];
    return reach > 0 ? (reach - 1) / work->dilation[d] + 1 : 0;
}

static int64_t end_of_taps(const struct work *work, size_t d)
{
    int64_t end = (work->before[d] + work->in[d] - 1) / work->dilation[d] + 1;
    return end < work->taps[d] ? end : work->taps[d];
}

/* Adds all taps at one place of the first dimension, in order. */
static void pool_plane(const struct work *work, int64_t place, const float *x, float *y)
{
    for (int64_t i = first_tap(work, 0); i < end_of_taps(work, 0); i++) {
        int64_t at = place * work->stride[0] + i * work->dilation[0] - work->before[0];
        if (at < 0 || at >= work->in[0]) continue;
        for (int64_t j = first_tap(work, 1); j < end_of_taps(work, 1); j++)
            for (int64_t k = first_tap(work, 2); k < end_of_taps(work, 2); k++)
                add_tap(work, j, k, x + at * work->in[1] * work->in[2], y);
    }
}

/* Turns sums into means, and a greatest -0 into +0. */
static void finish(const struct work *work, size_t count, float *y)
{
    float number = 0;
    enum quell_map_function function = QUELL_MAP_ADD;
    if (quell_set(work->at->of, FUNCTION) == SUM) return;
    if (quell_set(work->at->of, FUNCTION) == MEAN) {
        number = (float)(size_t)(work->taps[0] * work->taps[1] * work->taps[2]);
        function = QUELL_MAP_DIV;
    }
    work->at->kernels->map[function](&(struct quell_map){
        .rows = 1, .columns = count, .out = y, .in = {y, &number}, .column = {1, 0}});
}

static void run(const struct quell_execution *at)
{
    struct work work = work_of(at);
    size_t plane = (size_t)(work.out[1] * work.out[2]), from;
    size_t in = (size_t)(work.in[0] * work.in[1] * work.in[2]), planes = (size_t)work.out[0];
    size_t end = quell_part_of(at, quell_out_shape(at)->size[0] * planes, &from);
    float start = work.function == QUELL_MAP_MAX ? -INFINITY : 0;
    size_t taps = (size_t)(work.taps[0] * work.taps[1] * work.taps[2]);
    for (size_t i = from; i < end && !quell_is_over_by(at, plane * taps); i++) {
        float *y = at->out + i * plane;
        for (size_t k = 0; k < plane; k++) y[k] = start;
        pool_plane(&work, (int64_t)(i % planes), quell_in(at, 0) + i / planes * in, y);
        finish(&work, plane, y);
    }
}

static const char *const functions[] = {"mean", "sum", "max", NULL};

const struct quell_kind quell_kind_pool = {
    .name = "pool",
    .least = 1,
    .most = 1,
    .attributes = {QUELL_WINDOW_LISTS, [WINDOW] = {"window", QUELL_WHOLES, .needed = true},
                   [FUNCTION] = {"function", QUELL_CHOICE, true, 0, functions}},
    .shared = true,
    .infer = infer,
    .run = run,
};
