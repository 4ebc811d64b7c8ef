/* SPDX-License-Identifier: MIT */
/* conv_transpose: what a convolution's transpose does, of x[in][s...] with weight[in][out /
 * groups][k...], gathered: an output i is reached by the taps t for which i + before - t
 * dilation is a multiple of stride, from x at that multiple, or 0 outside, and
 *
 *     y[o, i] = Dot over (those t, c) of x[g in / groups + c, ...] weight[g in / groups + c, o, t],
 *               + bias[o] */
#include "programs/kinds/window.h"
#include "programs/sums.h"

enum { GROUPS = QUELL_WINDOW_ATTRIBUTES };

static quell_status check_operands(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS);
    if (quell_set(at->of, GROUPS) < 1 || x->size[0] % groups)
        return quell_refuse(at, "'groups' must divide the %zu channels of operand 0", x->size[0]);
    if (w->rank != x->rank + 1 || w->size[0] != x->size[0])
        return quell_refuse_operand(at, 1, "must be [%zu, out / groups, k...] with %zu sizes k",
                                    x->size[0], x->rank - 1);
    if (at->of->operands < 3) return QUELL_OK;
    const struct quell_shape *bias = quell_operand(at, 2);
    if (bias->rank == 1 && bias->size[0] == w->size[1] * groups) return QUELL_OK;
    return quell_refuse_operand(at, 2, "must be [%zu]", w->size[1] * groups);
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status) status = check_operands(at);
    if (status) return status;
    at->out = (struct quell_shape){x->rank, {w->size[1] * (size_t)quell_set(at->of, GROUPS)}};
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_transposed_size(at, d, w->size[2 + d]);
        if (size < 1)
            return quell_refuse(at, "nothing is left of its result along dimension %zu", 1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    at->of->multiply_adds = quell_elements(x) * quell_elements_of(w, 1, w->rank);
    return QUELL_OK;
}

/* Whether a tap reaches a place, and from which position of x; -1: from outside. */
static bool reaches(const struct quell_window *window, const int64_t *place, const int64_t *tap,
                    ptrdiff_t *source)
{
    *source = 0;
    for (size_t d = 0; d < window->rank; d++) {
        int64_t from = place[d] + window->before[d] - tap[d] * window->dilation[d];
        if (from % window->stride[d]) return false;
        from /= window->stride[d];
        bool inside = from >= 0 && from < window->in[d] && *source >= 0;
        *source = inside ? *source * (ptrdiff_t)window->in[d] + (ptrdiff_t)from : -1;
    }
    return true;
}

static size_t count_reaching(const struct quell_window *window, const int64_t *place)
{
    size_t count = 0, taps = quell_window_product(window, window->taps);
    for (size_t t = 0; t < taps; t++) {
        int64_t tap[QUELL_MOST_SPATIAL_DIMS];
        ptrdiff_t source;
        quell_window_place(window, window->taps, t, tap);
        count += reaches(window, place, tap, &source);
    }
    return count;
}

/* x, weight: of the group's first channel; step: between the weights of channels. */
static float gather(const struct quell_window *window, size_t channels, const int64_t *place,
                    const float *x, const float *weight, size_t step, const float *bias)
{
    static const float nothing = 0;
    size_t taps = quell_window_product(window, window->taps);
    size_t positions = quell_window_product(window, window->in);
    struct quell_dot dot = quell_dot_begin(count_reaching(window, place) * channels);
    for (size_t t = 0; t < taps; t++) {
        int64_t tap[QUELL_MOST_SPATIAL_DIMS];
        ptrdiff_t source;
        quell_window_place(window, window->taps, t, tap);
        if (!reaches(window, place, tap, &source)) continue;
        if (source < 0)
            quell_dot_add(&dot, channels, &nothing, 0, weight + t, step);
        else
            quell_dot_add(&dot, channels, x + source, positions, weight + t, step);
    }
    return quell_dot_end(&dot, bias);
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1), *out = quell_out_shape(at);
    const float *x = quell_in(at, 0), *weight = quell_in(at, 1);
    const float *bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    struct quell_window window = quell_window_of(at, w->size + 2);
    size_t positions = quell_window_product(&window, window.out);
    size_t in = quell_window_product(&window, window.in);
    size_t taps = quell_window_product(&window, window.taps), step = w->size[1] * taps;
    size_t channels = w->size[0] / (size_t)quell_set(at->of, GROUPS);
    for (size_t o = 0; o < out->size[0]; o++)
        for (size_t i = 0; i < positions; i++) {
            int64_t place[QUELL_MOST_SPATIAL_DIMS];
            size_t first = o / w->size[1] * channels;
            quell_window_place(&window, window.out, i, place);
            at->out[o * positions + i] =
                gather(&window, channels, place, x + first * in,
                       weight + first * step + o % w->size[1] * taps, step, bias ? bias + o : NULL);
        }
}

const struct quell_kind quell_kind_conv_transpose = {
    .name = "conv_transpose",
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
