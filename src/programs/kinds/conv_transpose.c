/* SPDX-License-Identifier: MIT */
/* conv_transpose: what a convolution's transpose does, of x[in][s...] with weight[in][out /
 * groups][k...], gathered: an output i is reached by the taps t for which i + before - t
 * dilation is a multiple of stride, from x at that multiple, or 0 outside, and
 *
 *     y[o, i] = Dot over (those t, c) of x[g in / groups + c, ...] weight[g in / groups + c, o, t],
 *               + bias[o] */
#include "programs/kinds/window.h"
#include "programs/products.h"

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

/* The results of a phase, and the memory of the products. */
static size_t scratch_floats(const struct quell_inference *at, const struct quell_shape *w)
{
    size_t groups = (size_t)quell_set(at->of, GROUPS), positions = 1;
    for (size_t d = 1; d < at->out.rank; d++) {
        size_t stride = (size_t)at->of->set[QUELL_STRIDE].whole[d - 1];
        positions *= (at->out.size[d] - 1) / stride + 1;
    }
    size_t pairs = quell_elements_of(w, 2, w->rank) * (w->size[0] / groups);
    return w->size[1] * positions + quell_products_floats(w->size[1], positions, pairs);
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    return b ? greatest_divisor(b, a % b) : a;
}

/* The multiply-adds if as many taps reach every output as reach any; or the steps of looking for
 * the taps of each phase, if they are more. */
static uint64_t count_work(const struct quell_inference *at, const struct quell_shape *w)
{
    const struct quell_setting *set = at->of->set;
    uint64_t adds = quell_elements(&at->out) * (w->size[0] / (size_t)quell_set(at->of, GROUPS));
    uint64_t phases = 1, taps = 0;
    for (size_t d = 0; d + 1 < at->out.rank; d++) {
        uint64_t stride = (uint64_t)set[QUELL_STRIDE].whole[d], size = at->out.size[1 + d];
        uint64_t step = stride / greatest_divisor(stride, (uint64_t)set[QUELL_DILATION].whole[d]);
        adds *= (w->size[2 + d] - 1) / step + 1;
        phases *= stride < size ? stride : size;
        taps += w->size[2 + d];
    }
    return adds > phases * taps ? adds : phases * taps;
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
    if (!quell_shape_fits(&at->out)) return QUELL_OK;
    at->of->multiply_adds = count_work(at, w);
    at->of->scratch = scratch_floats(at, w);
    return QUELL_OK;
}

/* Places or taps along a dimension: first, first + step, ... */
struct line {
    int64_t first, step, count;
};

/* A phase: the outputs whose places + before leave the same rests by the strides. The same taps
 * reach all of them, those whose t dilation leaves these rests, so that they are one product. x and
 * weight: of a group; each: its output channels. */
struct phase {
    struct quell_window window;
    struct line places[QUELL_MOST_SPATIAL_DIMS], taps[QUELL_MOST_SPATIAL_DIMS];
    const float *x, *weight;
    size_t channels, each, in, all_taps;
};

static int64_t rest(int64_t a, int64_t by) { return (a % by + by) % by; }

/* The taps that reach a place along a dimension. */
static struct line taps_of(const struct quell_window *w, size_t d, int64_t place)
{
    struct line line = {0, 1, 0};
    int64_t wanted = rest(place + w->before[d], w->stride[d]);
    for (int64_t t = 0; t < w->taps[d] && line.count < 2; t++) {
        if (rest(t * w->dilation[d], w->stride[d]) != wanted) continue;
        if (line.count++ == 0) line.first = t;
        line.step = line.count == 2 ? t - line.first : 1;
    }
    if (line.count == 2) line.count = (w->taps[d] - 1 - line.first) / line.step + 1;
    return line;
}

/* How many phases there are along each dimension. */
static size_t count_phases(const struct quell_window *w, int64_t *phases)
{
    for (size_t d = 0; d < w->rank; d++)
        phases[d] = w->stride[d] < w->out[d] ? w->stride[d] : w->out[d];
    return quell_window_product(w, phases);
}

/* Sets the phase of that number, whose first place is one of the first `phases`. */
static void choose(struct phase *phase, const int64_t *phases, size_t number)
{
    const struct quell_window *w = &phase->window;
    int64_t first[QUELL_MOST_SPATIAL_DIMS];
    quell_window_place(w, phases, number, first);
    for (size_t d = 0; d < w->rank; d++) {
        int64_t count = (w->out[d] - 1 - first[d]) / w->stride[d] + 1;
        phase->places[d] = (struct line){first[d], w->stride[d], count};
        phase->taps[d] = taps_of(w, d, first[d]);
    }
}

static size_t product_of(const struct phase *phase, const struct line *lines)
{
    size_t product = 1;
    for (size_t d = 0; d < phase->window.rank; d++) product *= (size_t)lines[d].count;
    return product;
}

/* The place or tap of an index; its flat index among all of `sizes`. */
static size_t locate(const struct phase *phase, const struct line *lines, const int64_t *sizes,
                     size_t index, int64_t *place)
{
    size_t flat = 0;
    for (size_t d = phase->window.rank; d-- > 0; index /= (size_t)lines[d].count)
        place[d] = lines[d].first + lines[d].step * (int64_t)(index % (size_t)lines[d].count);
    for (size_t d = 0; d < phase->window.rank; d++)
        flat = flat * (size_t)sizes[d] + (size_t)place[d];
    return flat;
}

/* The weights of some output channels and (tap, channel) pairs. */
static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct phase *of = user;
    int64_t tap[QUELL_MOST_SPATIAL_DIMS];
    for (size_t p = 0; p < part->columns; p++) {
        size_t pair = part->column + p, c = pair % of->channels;
        size_t flat = locate(of, of->taps, of->window.taps, pair / of->channels, tap);
        for (size_t r = 0; r < part->rows; r++)
            to[r * part->columns + p] =
                of->weight[(c * of->each + part->row + r) * of->all_taps + flat];
    }
}

/* Where in x a place is reached from by a tap; -1: from outside. */
static ptrdiff_t source_of(const struct quell_window *window, const int64_t *place,
                           const int64_t *tap)
{
    int64_t source = 0;
    for (size_t d = 0; d < window->rank; d++) {
        int64_t from = place[d] + window->before[d] - tap[d] * window->dilation[d];
        from /= window->stride[d]; /* without a rest */
        if (from < 0 || from >= window->in[d]) return -1;
        source = source * window->in[d] + from;
    }
    return (ptrdiff_t)source;
}

/* What reaches some outputs for some (tap, channel) pairs. */
static void copy_seen(const void *user, const struct quell_part *part, float *to)
{
    const struct phase *of = user;
    int64_t place[QUELL_PANEL][QUELL_MOST_SPATIAL_DIMS], tap[QUELL_MOST_SPATIAL_DIMS];
    ptrdiff_t source[QUELL_PANEL] = {0};
    for (size_t q = 0; q < part->columns; q++)
        locate(of, of->places, of->window.out, part->column + q, place[q]);
    for (size_t p = 0; p < part->rows; p++, to += QUELL_PANEL) {
        size_t pair = part->row + p, c = pair % of->channels;
        if (p == 0 || c == 0) {
            locate(of, of->taps, of->window.taps, pair / of->channels, tap);
            for (size_t q = 0; q < part->columns; q++)
                source[q] = source_of(&of->window, place[q], tap);
        }
        const float *x = of->x + c * of->in;
        for (size_t q = 0; q < part->columns; q++) to[q] = source[q] < 0 ? 0 : x[source[q]];
    }
}

/* The outputs of a phase: out[each][positions of all phases]. */
static void run_phase(const struct quell_execution *at, const struct phase *phase,
                      const float *bias, float *out)
{
    size_t positions = quell_window_product(&phase->window, phase->window.out);
    size_t n = product_of(phase, phase->places);
    struct quell_products products = {.m = phase->each,
                                      .n = n,
                                      .k = product_of(phase, phase->taps) * phase->channels,
                                      .left = copy_weights,
                                      .right = copy_seen,
                                      .user = phase,
                                      .bias = bias,
                                      .by_row = true,
                                      .out = at->scratch,
                                      .out_row = n,
                                      .scratch = at->scratch + phase->each * n};
    quell_products_run(&products, at->kernels);
    for (size_t i = 0; i < n; i++) {
        int64_t place[QUELL_MOST_SPATIAL_DIMS];
        size_t flat = locate(phase, phase->places, phase->window.out, i, place);
        for (size_t o = 0; o < phase->each; o++) out[o * positions + flat] = at->scratch[o * n + i];
    }
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS), taps = quell_elements_of(w, 2, w->rank);
    const float *bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    struct phase phase = {.window = quell_window_of(at, w->size + 2),
                          .channels = w->size[0] / groups,
                          .each = w->size[1],
                          .all_taps = taps};
    phase.in = quell_window_product(&phase.window, phase.window.in);
    int64_t phases[QUELL_MOST_SPATIAL_DIMS];
    size_t count = count_phases(&phase.window, phases);
    size_t positions = quell_window_product(&phase.window, phase.window.out);
    for (size_t number = 0; number < count; number++) {
        choose(&phase, phases, number);
        for (size_t g = 0; g < groups; g++) {
            phase.x = quell_in(at, 0) + g * phase.channels * phase.in;
            phase.weight = quell_in(at, 1) + g * phase.channels * phase.each * taps;
            run_phase(at, &phase, bias ? bias + g * phase.each : NULL,
                      at->out + g * phase.each * positions);
        }
    }
}

const struct quell_kind quell_kind_conv_transpose = {
    .name = "conv_transpose",
    .least = 2,
    .most = 3,
    .attributes = {[QUELL_STRIDE] = {.name = "stride", .type = QUELL_WHOLES},
                   [QUELL_BEFORE] = {.name = "before", .type = QUELL_WHOLES},
                   [QUELL_AFTER] = {.name = "after", .type = QUELL_WHOLES},
                   [QUELL_DILATION] = {.name = "dilation", .type = QUELL_WHOLES},
                   [GROUPS] = {"groups", QUELL_WHOLE, .usual = 1}},
    .infer = infer,
    .run = run,
};
