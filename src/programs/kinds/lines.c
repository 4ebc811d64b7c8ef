/* SPDX-License-Identifier: MIT */
#include "programs/kinds/lines.h"
#include "base/memory.h"

#include <string.h>

/* Limits of copies, in floats: those up to PREFERRED stay in the second-level cache, and those
 * above MOST are not made. */
#define PREFERRED 98304
#define MOST ((size_t)1 << 24)

/* The least number of positions at a time, so that few lines are copied twice. */
#define LEAST_POSITIONS 64

static bool multiply(size_t *product, size_t by)
{
    return !quell_multiply(*product, by, product) && *product <= MOST;
}

/* Returns the lines of the input that are copied for `count` lines of the result. */
static size_t copies_for(const struct quell_window *window, size_t count)
{
    return count + (size_t)((window->taps[0] - 1) * window->dilation[0] / window->stride[0]);
}

/* Sets the sizes of lines and copies, so that copies are not a power of two apart. */
static bool set_most(struct quell_lines *lines, size_t most)
{
    lines->most = most;
    lines->line_copies = copies_for(&lines->window, most);
    lines->plane = lines->line_copies;
    if (!multiply(&lines->plane, lines->width)) return false;
    lines->plane = quell_round_up(lines->plane, QUELL_LANES);
    if (lines->plane % 256 == 0) lines->plane += QUELL_LANES;
    lines->floats = lines->plane;
    if (!multiply(&lines->floats, lines->inner) || !multiply(&lines->floats, lines->phases) ||
        !multiply(&lines->floats, lines->channels))
        return false;
    lines->floats += 2 * QUELL_PANEL;
    return true;
}

bool quell_lines_of(struct quell_lines *lines, const struct quell_window *window, size_t channels)
{
    *lines = (struct quell_lines){.window = *window, .channels = channels, .width = 1, .inner = 1};
    for (size_t d = 1; d < window->rank; d++) {
        if (!multiply(&lines->width, (size_t)window->out[d]) ||
            !multiply(&lines->inner, (size_t)window->taps[d]))
            return false;
    }
    int64_t reach = (window->taps[0] - 1) * window->dilation[0];
    if (reach > (int64_t)MOST || window->stride[0] > (int64_t)MOST) return false;
    lines->phases = (size_t)(reach < window->stride[0] ? reach + 1 : window->stride[0]);
    size_t out = (size_t)window->out[0], least = (LEAST_POSITIONS - 1) / lines->width + 1;
    size_t most = out;
    while (most > least && (!set_most(lines, most) || lines->floats > PREFERRED))
        most = (most + 1) / 2;
    return set_most(lines, most);
}

size_t quell_lines_offset(const struct quell_lines *lines, size_t tap, size_t c)
{
    const struct quell_window *window = &lines->window;
    size_t reach = tap / lines->inner * (size_t)window->dilation[0];
    size_t stride = (size_t)window->stride[0];
    size_t copy = tap % lines->inner * lines->phases + reach % stride;
    return (copy * lines->channels + c) * lines->plane + reach / stride * lines->width;
}

/* Copies the elements that a tap reads along the last dimension. `x` is a line of the input along
 * it. */
static void copy_last(const struct quell_window *window, const float *x, int64_t tap, float *to)
{
    size_t d = window->rank - 1;
    int64_t from = tap * window->dilation[d] - window->before[d], step = window->stride[d];
    int64_t out = window->out[d], in = window->in[d];
    int64_t begin = from >= 0 ? 0 : (-from + step - 1) / step;
    int64_t end = in > from ? (in - from - 1) / step + 1 : 0;
    if (begin > out) begin = out;
    if (end > out) end = out;
    if (end < begin) end = begin;
    memset(to, 0, (size_t)begin * sizeof *to);
    if (step == 1 && end > begin)
        memcpy(to + begin, x + from + begin, (size_t)(end - begin) * sizeof *to);
    for (int64_t i = begin; i < end && step > 1; i++) to[i] = x[from + i * step];
    memset(to + end, 0, (size_t)(out - end) * sizeof *to);
}

/* Copies the elements that a tap of the later dimensions reads in a line of the input. */
static void copy_line(const struct quell_lines *lines, const float *x, size_t tap, float *to)
{
    const struct quell_window *window = &lines->window;
    if (window->rank == 1) {
        *to = *x;
        return;
    }
    if (window->rank == 2) {
        copy_last(window, x, (int64_t)tap, to);
        return;
    }
    int64_t taps = window->taps[2], from = (int64_t)tap / taps * window->dilation[1];
    for (int64_t i = 0; i < window->out[1]; i++, to += window->out[2]) {
        int64_t at = i * window->stride[1] + from - window->before[1];
        if (at < 0 || at >= window->in[1])
            memset(to, 0, (size_t)window->out[2] * sizeof *to);
        else
            copy_last(window, x + at * window->in[2], (int64_t)tap % taps, to);
    }
}

void quell_lines_copy(const struct quell_lines *lines, const struct quell_image *image, size_t line,
                      size_t count, float *to)
{
    const struct quell_window *window = &lines->window;
    size_t copies = copies_for(window, count), channel;
    for (size_t copy = 0; copy < lines->inner * lines->phases; copy++)
        for (size_t l = 0; l < copies; l++) {
            int64_t at = (int64_t)(line + l) * window->stride[0] + (int64_t)(copy % lines->phases) -
                         window->before[0];
            bool inside = at >= 0 && at < window->in[0];
            const float *x = inside ? quell_image_line(image, (size_t)at, &channel) : NULL;
            float *plane = to + copy * lines->channels * lines->plane + l * lines->width;
            for (size_t c = 0; c < lines->channels; c++, plane += lines->plane)
                if (inside)
                    copy_line(lines, x + c * channel, copy / lines->phases, plane);
                else
                    memset(plane, 0, lines->width * sizeof *plane);
        }
}
