/* SPDX-License-Identifier: MIT */
#include "programs/kinds/window.h"

#define MOST ((int64_t)1 << 31)

quell_status quell_window_check(struct quell_inference *at, bool stride_given, int64_t least)
{
    size_t rank = quell_operand(at, 0)->rank, spatial = rank - 1;
    if (rank < 2 || rank > 1 + QUELL_MOST_SPATIAL_DIMS)
        return quell_refuse_operand(at, 0, "must be [channels, s...] with one to three s");
    quell_status status = QUELL_OK;
    if (stride_given) status = quell_list_or(at, QUELL_STRIDE, spatial, 1, 1, MOST);
    if (!status) status = quell_list_or(at, QUELL_BEFORE, spatial, 0, least, MOST);
    if (!status) status = quell_list_or(at, QUELL_AFTER, spatial, 0, least, MOST);
    if (!status) status = quell_list_or(at, QUELL_DILATION, spatial, 1, 1, MOST);
    return status;
}

int64_t quell_window_size(const struct quell_inference *at, size_t d, size_t taps)
{
    const struct quell_setting *set = at->of->set;
    int64_t in = (int64_t)quell_operand(at, 0)->size[1 + d];
    int64_t reach = set[QUELL_DILATION].whole[d] * ((int64_t)taps - 1) + 1;
    int64_t room = set[QUELL_BEFORE].whole[d] + in + set[QUELL_AFTER].whole[d] - reach;
    return room < 0 ? 0 : room / set[QUELL_STRIDE].whole[d] + 1;
}

int64_t quell_window_transposed_size(const struct quell_inference *at, size_t d, size_t taps)
{
    const struct quell_setting *set = at->of->set;
    int64_t in = (int64_t)quell_operand(at, 0)->size[1 + d];
    int64_t reach = set[QUELL_DILATION].whole[d] * ((int64_t)taps - 1) + 1;
    if ((in - 1) > INT64_MAX / 4 / set[QUELL_STRIDE].whole[d]) return 0;
    return (in - 1) * set[QUELL_STRIDE].whole[d] + reach - set[QUELL_BEFORE].whole[d] -
           set[QUELL_AFTER].whole[d];
}

quell_status quell_window_convolve(struct quell_inference *at, size_t groups)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    if (w->rank != x->rank + 1 || w->size[1] != x->size[0] / groups)
        return quell_refuse_operand(at, 1, "must be [out, %zu, k...] with %zu sizes k",
                                    x->size[0] / groups, x->rank - 1);
    at->out = (struct quell_shape){x->rank, {w->size[0]}};
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_size(at, d, w->size[2 + d]);
        if (size < 1)
            return quell_refuse_operand(at, 0, "is smaller than the window along dimension %zu",
                                        1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    return QUELL_OK;
}

struct quell_window quell_window_of(const struct quell_execution *at, const size_t *taps)
{
    return quell_window_from(at->of, quell_shape_of(at, 0), quell_out_shape(at), taps);
}

struct quell_window quell_window_from(const struct quell_instruction *of,
                                      const struct quell_shape *in, const struct quell_shape *out,
                                      const size_t *taps)
{
    const struct quell_setting *set = of->set;
    struct quell_window window = {.rank = in->rank - 1};
    for (size_t d = 0; d < window.rank; d++) {
        window.in[d] = (int64_t)in->size[1 + d];
        window.out[d] = (int64_t)out->size[1 + d];
        window.taps[d] = (int64_t)taps[d];
        window.stride[d] = set[QUELL_STRIDE].whole[d];
        window.before[d] = set[QUELL_BEFORE].whole[d];
        window.dilation[d] = set[QUELL_DILATION].whole[d];
    }
    return window;
}

size_t quell_window_product(const struct quell_window *window, const int64_t *sizes)
{
    size_t product = 1;
    for (size_t d = 0; d < window->rank; d++) product *= (size_t)sizes[d];
    return product;
}

void quell_window_place(const struct quell_window *window, const int64_t *sizes, size_t index,
                        int64_t *place)
{
    for (size_t d = window->rank; d-- > 0; index /= (size_t)sizes[d])
        place[d] = (int64_t)(index % (size_t)sizes[d]);
}

ptrdiff_t quell_window_source(const struct quell_window *window, const int64_t *place,
                              const int64_t *tap)
{
    int64_t source = 0;
    for (size_t d = 0; d < window->rank; d++) {
        int64_t at =
            place[d] * window->stride[d] + tap[d] * window->dilation[d] - window->before[d];
        if (at < 0 || at >= window->in[d]) return -1;
        source = source * window->in[d] + at;
    }
    return (ptrdiff_t)source;
}
