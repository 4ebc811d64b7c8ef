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

/* The work is counted for every tap of a window. */
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
    return count_work(at);
}

static float greater(float a, float b) { return isnan(a) || a > b ? a : b; }

static float pool(const struct quell_window *window, int64_t function, const int64_t *place,
                  const float *x)
{
    size_t taps = quell_window_product(window, window->taps);
    float y = function == GREATEST ? -INFINITY : 0;
    for (size_t t = 0; t < taps; t++) {
        int64_t tap[QUELL_MOST_SPATIAL_DIMS];
        quell_window_place(window, window->taps, t, tap);
        ptrdiff_t source = quell_window_source(window, place, tap);
        if (source < 0) continue;
        y = function == GREATEST ? greater(y, x[source]) : y + x[source];
    }
    return function == MEAN ? y / (float)taps : function == SUM ? y : y + 0.0f;
}

static void run(const struct quell_execution *at)
{
    size_t taps[QUELL_MOST_SPATIAL_DIMS], channels = quell_out_shape(at)->size[0];
    for (size_t d = 0; d < at->of->set[WINDOW].count; d++)
        taps[d] = (size_t)at->of->set[WINDOW].whole[d];
    struct quell_window window = quell_window_of(at, taps);
    size_t positions = quell_window_product(&window, window.out);
    size_t in = quell_window_product(&window, window.in);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < positions; i++) {
            int64_t place[QUELL_MOST_SPATIAL_DIMS];
            quell_window_place(&window, window.out, i, place);
            at->out[c * positions + i] =
                pool(&window, quell_set(at->of, FUNCTION), place, quell_in(at, 0) + c * in);
        }
}

static const char *const functions[] = {"mean", "sum", "max", NULL};

const struct quell_kind quell_kind_pool = {
    .name = "pool",
    .least = 1,
    .most = 1,
    .attributes = {[QUELL_STRIDE] = {.name = "stride", .type = QUELL_WHOLES},
                   [QUELL_BEFORE] = {.name = "before", .type = QUELL_WHOLES},
                   [QUELL_AFTER] = {.name = "after", .type = QUELL_WHOLES},
                   [QUELL_DILATION] = {.name = "dilation", .type = QUELL_WHOLES},
                   [WINDOW] = {"window", QUELL_WHOLES, .needed = true},
                   [FUNCTION] = {"function", QUELL_CHOICE, true, 0, functions}},
    .infer = infer,
    .run = run,
};
