/* SPDX-License-Identifier: MIT */
/* conv: a convolution of x[in][s...] in one to three dimensions with weight[out][in /
 * groups][k...]:
 *
 *     y[o, i] = Dot over (t, c) of x[g in / groups + c, i stride + t dilation - before]
 *                                  weight[o, c, t], + bias[o]
 *
 * for the output channel o of group g, x being 0 outside; the channel c runs fastest. */
#include "programs/kinds/window.h"
#include "programs/sums.h"

enum { GROUPS = QUELL_WINDOW_ATTRIBUTES };

static quell_status check_operands(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS);
    if (quell_set(at->of, GROUPS) < 1 || x->size[0] % groups || w->size[0] % groups)
        return quell_refuse(at,
                            "'groups' must divide the %zu channels of operand 0 and the %zu of "
                            "the result",
                            x->size[0], w->size[0]);
    if (w->rank != x->rank + 1 || w->size[1] != x->size[0] / groups)
        return quell_refuse_operand(at, 1, "must be [out, %zu, k...] with %zu sizes k",
                                    x->size[0] / groups, x->rank - 1);
    if (at->of->operands < 3) return QUELL_OK;
    const struct quell_shape *bias = quell_operand(at, 2);
    if (bias->rank == 1 && bias->size[0] == w->size[0]) return QUELL_OK;
    return quell_refuse_operand(at, 2, "must be [%zu]", w->size[0]);
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status && w->rank < 3) status = quell_refuse_operand(at, 1, "must be [out, in, k...]");
    if (!status) status = check_operands(at);
    if (status) return status;
    at->out = (struct quell_shape){x->rank, {w->size[0]}};
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_size(at, d, w->size[2 + d]);
        if (size < 1)
            return quell_refuse_operand(at, 0, "is smaller than the window along dimension %zu",
                                        1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    if (quell_shape_fits(&at->out))
        at->of->multiply_adds = quell_elements(&at->out) * quell_elements_of(w, 1, w->rank);
    return QUELL_OK;
}

/* weight: [taps] of the first channel, the channels `taps` apart; x: the group's first channel. */
static float convolve(const struct quell_window *window, size_t channels, const int64_t *place,
                      const float *x, const float *weight, const float *bias)
{
    static const float nothing = 0;
    size_t taps = quell_window_product(window, window->taps);
    size_t positions = quell_window_product(window, window->in);
    struct quell_dot dot = quell_dot_begin(taps * channels);
    int64_t tap[QUELL_MOST_SPATIAL_DIMS];
    for (size_t t = 0; t < taps; t++) {
        quell_window_place(window, window->taps, t, tap);
        ptrdiff_t source = quell_window_source(window, place, tap);
        if (source < 0)
            quell_dot_add(&dot, channels, &nothing, 0, weight + t, taps);
        else
            quell_dot_add(&dot, channels, x + source, positions, weight + t, taps);
    }
    return quell_dot_end(&dot, bias);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    const float *x = quell_in(at, 0), *weight = quell_in(at, 1);
    const float *bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    struct quell_window window = quell_window_of(at, w->size + 2);
    size_t positions = quell_window_product(&window, window.out), channels = w->size[1];
    size_t each = w->size[0] / (size_t)quell_set(at->of, GROUPS);
    size_t in = quell_window_product(&window, window.in);
    for (size_t o = 0; o < w->size[0]; o++)
        for (size_t i = 0; i < positions; i++) {
            int64_t place[QUELL_MOST_SPATIAL_DIMS];
            quell_window_place(&window, window.out, i, place);
            at->out[o * positions + i] =
                convolve(&window, channels, place, x + o / each * channels * in,
                         weight + o * quell_elements_of(w, 1, w->rank), bias ? bias + o : NULL);
        }
}

const struct quell_kind quell_kind_conv = {
    .name = "conv",
    .least = 2,
    .most = 3,
    .attributes = {[QUELL_STRIDE] = {"stride", QUELL_WHOLES},
                   [QUELL_BEFORE] = {"before", QUELL_WHOLES},
                   [QUELL_AFTER] = {"after", QUELL_WHOLES},
                   [QUELL_DILATION] = {"dilation", QUELL_WHOLES},
                   [GROUPS] = {"groups", QUELL_WHOLE, .usual = 1}},
    .infer = infer,
    .run = run,
};
