/* SPDX-License-Identifier: MIT */
#include "programs/kinds/padded.h"
#include "base/memory.h"

#include <string.h>

/* A copy of this many floats stays in the second-level cache; a larger one than the other is not
 * made. */
#define PREFERRED 131072
#define MOST ((size_t)1 << 24)

/* The positions of the result at a time: enough for the products, and few enough for a table. */
#define LEAST_POSITIONS 96
#define MOST_POSITIONS 8192

static bool multiply(size_t *product, size_t by)
{
    return !quell_multiply(*product, by, product) && *product <= MOST;
}

/* How many elements of the input `count` places of the result span along a dimension. */
static size_t span_of(const struct quell_window *window, size_t d, size_t count)
{
    return (count - 1) * (size_t)window->stride[d] +
           (size_t)((window->taps[d] - 1) * window->dilation[d]) + 1;
}

static bool is_direct(const struct quell_window *window)
{
    for (size_t d = 0; d < window->rank; d++)
        if (window->before[d] || span_of(window, d, (size_t)window->out[d]) > (size_t)window->in[d])
            return false;
    return true;
}

static bool set_most(struct quell_padded *padded, size_t most)
{
    padded->most = most;
    padded->plane = span_of(&padded->window, 0, most);
    if (padded->direct) padded->plane = (size_t)padded->window.in[0];
    if (quell_multiply(padded->plane, padded->width, &padded->plane)) return false;
    padded->floats = 0;
    if (padded->direct) return true;
    if (padded->plane > MOST) return false;
    padded->plane = quell_round_up(padded->plane, QUELL_LANES);
    if (padded->plane % 256 == 0) padded->plane += QUELL_LANES;
    padded->floats = padded->plane;
    return multiply(&padded->floats, padded->channels);
}

bool quell_padded_of(struct quell_padded *padded, const struct quell_window *window,
                     size_t channels)
{
    *padded = (struct quell_padded){.window = *window,
                                    .direct = is_direct(window),
                                    .channels = channels,
                                    .width = 1,
                                    .positions = 1};
    for (size_t d = 0; d < window->rank; d++)
        if (window->stride[d] > (int64_t)MOST || window->dilation[d] > (int64_t)MOST ||
            window->taps[d] > (int64_t)MOST)
            return false;
    for (size_t d = 1; d < window->rank; d++) {
        padded->span[d] = padded->direct ? (size_t)window->in[d]
                                         : span_of(window, d, (size_t)window->out[d]);
        if (!multiply(&padded->width, padded->span[d]) ||
            !multiply(&padded->positions, (size_t)window->out[d]))
            return false;
    }
    size_t most = (size_t)window->out[0], least = (LEAST_POSITIONS - 1) / padded->positions + 1;
    while (most > least && (!set_most(padded, most) || padded->floats > PREFERRED ||
                            most * padded->positions > MOST_POSITIONS))
        most = (most + 1) / 2;
    return set_most(padded, most);
}

size_t quell_padded_tap(const struct quell_padded *padded, size_t tap, size_t c)
{
    const struct quell_window *window = &padded->window;
    int64_t place[QUELL_MOST_SPATIAL_DIMS];
    size_t at = 0;
    quell_window_place(window, window->taps, tap, place);
    for (size_t d = 0; d < window->rank; d++)
        at = at * (d ? padded->span[d] : 1) + (size_t)(place[d] * window->dilation[d]);
    return c * padded->plane + at;
}

void quell_padded_rows(const struct quell_padded *padded, size_t count, size_t *row)
{
    const struct quell_window *window = &padded->window;
    size_t rows = window->rank > 2 ? (size_t)window->out[1] : 1;
    size_t across = window->rank > 1 ? (size_t)window->out[window->rank - 1] : 1;
    size_t step = window->rank > 1 ? (size_t)window->stride[window->rank - 1] : 0;
    for (size_t line = 0; line < count; line++)
        for (size_t r = 0; r < rows; r++) {
            size_t at = line * (size_t)window->stride[0] * padded->width;
            if (window->rank > 2) at += r * (size_t)window->stride[1] * padded->span[2];
            for (size_t i = 0; i < across; i++) *row++ = at + i * step;
        }
}

/* Copies a row along the last dimension, with what is before and after it. */
static void copy_last(const struct quell_padded *padded, const float *x, float *to)
{
    size_t d = padded->window.rank - 1;
    int64_t span = (int64_t)padded->span[d], before = padded->window.before[d];
    int64_t begin = before > 0 ? before : 0, end = before + padded->window.in[d];
    if (begin > span) begin = span;
    if (end > span) end = span;
    if (end < begin) end = begin;
    for (int64_t i = 0; i < begin; i++) to[i] = 0;
    if (end > begin)
        memcpy(to + begin, x + begin - before, (size_t)(end - begin) * sizeof *to);
    for (int64_t i = end; i < span; i++) to[i] = 0;
}

static void copy_line(const struct quell_padded *padded, const float *x, float *to)
{
    const struct quell_window *window = &padded->window;
    if (window->rank == 1) *to = *x;
    if (window->rank == 2) copy_last(padded, x, to);
    if (window->rank < 3) return;
    for (size_t i = 0; i < padded->span[1]; i++, to += padded->span[2]) {
        int64_t at = (int64_t)i - window->before[1];
        if (at < 0 || at >= window->in[1])
            memset(to, 0, padded->span[2] * sizeof *to);
        else
            copy_last(padded, x + at * window->in[2], to);
    }
}

const float *quell_padded_copy(const struct quell_padded *padded, const float *x, size_t line,
                               size_t count, float *to)
{
    const struct quell_window *window = &padded->window;
    size_t first = line * (size_t)window->stride[0], lines = span_of(window, 0, count), in_line = 1;
    for (size_t d = 1; d < window->rank; d++) in_line *= (size_t)window->in[d];
    if (padded->direct) return x + first * in_line;
    for (size_t c = 0; c < padded->channels; c++) {
        float *plane = to + c * padded->plane;
        const float *from = x + c * (size_t)window->in[0] * in_line;
        for (size_t l = 0; l < lines; l++, plane += padded->width) {
            int64_t at = (int64_t)(first + l) - window->before[0];
            if (at < 0 || at >= window->in[0])
                memset(plane, 0, padded->width * sizeof *plane);
            else
                copy_line(padded, from + (size_t)at * in_line, plane);
        }
    }
    return to;
}
