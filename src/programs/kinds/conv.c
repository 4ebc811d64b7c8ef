/* SPDX-License-Identifier: MIT */
/* conv: a convolution of x[in][s...] in one to three dimensions with weight[out][in /
 * groups][k...]:
 *
 *     y[o, i] = Dot over (t, c) of x[g in / groups + c, i stride + t dilation - before]
 *                                  weight[o, c, t], + bias[o]
 *
 * for the output channel o of group g, x being 0 outside; the channel c runs fastest. */
#include "programs/kinds/window.h"
#include "programs/products.h"

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
    at->of->scratch = quell_products_floats(w->size[0] / (size_t)quell_set(at->of, GROUPS),
                                            quell_elements_of(&at->out, 1, at->out.rank),
                                            quell_elements_of(w, 1, w->rank));
    if (quell_shape_fits(&at->out))
        at->of->multiply_adds = quell_elements(&at->out) * quell_elements_of(w, 1, w->rank);
    return QUELL_OK;
}

/* A group's channels: x[channels][in], weight[out][channels][taps]. */
struct group {
    struct quell_window window;
    const float *x, *weight;
    size_t channels, taps, in;
};

/* The weights of some output channels and (tap, channel) pairs. */
static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct group *of = user;
    for (size_t r = 0; r < part->rows; r++) {
        const float *weight = of->weight + (part->row + r) * of->channels * of->taps;
        for (size_t p = 0; p < part->columns; p++) {
            size_t pair = part->column + p, tap = pair / of->channels, c = pair % of->channels;
            *to++ = weight[c * of->taps + tap];
        }
    }
}

/* What some (tap, channel) pairs see from some positions. */
static void copy_seen(const void *user, const struct quell_part *part, float *to)
{
    const struct group *of = user;
    int64_t place[QUELL_PANEL][QUELL_MOST_SPATIAL_DIMS], tap[QUELL_MOST_SPATIAL_DIMS];
    ptrdiff_t source[QUELL_PANEL] = {0};
    for (size_t q = 0; q < part->columns; q++)
        quell_window_place(&of->window, of->window.out, part->column + q, place[q]);
    for (size_t p = 0; p < part->rows; p++, to += QUELL_PANEL) {
        size_t pair = part->row + p, c = pair % of->channels;
        if (p == 0 || c == 0) {
            quell_window_place(&of->window, of->window.taps, pair / of->channels, tap);
            for (size_t q = 0; q < part->columns; q++)
                source[q] = quell_window_source(&of->window, place[q], tap);
        }
        const float *x = of->x + c * of->in;
        for (size_t q = 0; q < part->columns; q++) to[q] = source[q] < 0 ? 0 : x[source[q]];
    }
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS), each = w->size[0] / groups;
    struct group group = {quell_window_of(at, w->size + 2),
                          quell_in(at, 0),
                          quell_in(at, 1),
                          w->size[1],
                          quell_elements_of(w, 2, w->rank),
                          0};
    struct quell_products products = {.m = each,
                                      .n = quell_window_product(&group.window, group.window.out),
                                      .k = group.taps * group.channels,
                                      .left = copy_weights,
                                      .right = copy_seen,
                                      .user = &group,
                                      .bias = at->of->operands > 2 ? quell_in(at, 2) : NULL,
                                      .by_row = true,
                                      .out = at->out,
                                      .scratch = at->scratch};
    group.in = quell_window_product(&group.window, group.window.in);
    products.out_row = products.n;
    for (size_t g = 0; g < groups; g++) {
        quell_products_run(&products, at->kernels);
        group.x += group.channels * group.in;
        group.weight += each * products.k;
        products.out += each * products.n;
        if (products.bias) products.bias += each;
    }
}

const struct quell_kind quell_kind_conv = {
    .name = "conv",
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
