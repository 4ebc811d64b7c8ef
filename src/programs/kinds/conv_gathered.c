/* SPDX-License-Identifier: MIT */
/* conv, one sample at a time, by matrices that are gathered part by part: for windows whose copies
 * would be too large, and for constants. */
#include "programs/kinds/conv_way.h"
#include "programs/products.h"

/* A group's channels: x[channels][in], weight[out][channels][taps]. */
struct group {
    struct quell_window window;
    const float *x, *weight;
    size_t channels, taps, in;
};

/* Copies the weights of some output channels and (tap, channel) pairs. */
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

/* Copies the elements that some (tap, channel) pairs read at some positions. */
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

void quell_conv_gathered(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t groups = (size_t)quell_set(at->of, QUELL_CONV_GROUPS), each = w->size[0] / groups;
    struct group group = {
        quell_window_from(at->of, quell_shape_of(at, 0), quell_out_shape(at), w->size + 2),
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
                                      .scratch = at->scratch,
                                      .over = quell_ends,
                                      .asked = at};
    group.in = quell_window_product(&group.window, group.window.in);
    products.out_row = products.n;
    for (size_t g = 0; g < groups && !quell_was_over(at); g++) {
        quell_products_run(&products, at->kernels);
        group.x += group.channels * group.in;
        group.weight += each * products.k;
        products.out += each * products.n;
        if (products.bias) products.bias += each;
    }
}
