/* SPDX-License-Identifier: MIT */
#include "programs/kinds/padded.h"
#include "base/memory.h"

#include <string.h>

/* Limits of a copy, in floats: one up to PREFERRED stays in the second-level cache, and one above
 * MOST is not made. */
#define PREFERRED 131072
#define MOST ((size_t)1 << 24)

/* Limits of the positions of the result at a time: enough for the products, and few enough for a
 * table. */
#define LEAST_POSITIONS 96
#define MOST_POSITIONS 8192

/* The positions of several samples at a time for short numbers, of which copies contain twice as
 * many. */
#define MOST_SHORT 192

static bool multiply(size_t *product, size_t by)
{
    return !quell_multiply(*product, by, product) && *product <= MOST;
}

/* Returns how many elements of the input `count` places of the result need along a dimension. */
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
    padded->floats = 0;
    padded->channel = 1;
    padded->position = padded->channels;
    if (padded->direct) {
        padded->position = 1;
        return !quell_multiply(padded->width, (size_t)padded->window.in[0], &padded->channel);
    }
    padded->floats = span_of(&padded->window, 0, most);
    return padded->floats <= MOST && multiply(&padded->floats, padded->width) &&
           multiply(&padded->floats, padded->channels);
}

static bool find(struct quell_padded *padded, const struct quell_window *window, size_t channels,
                 bool direct)
{
    *padded = (struct quell_padded){
        .window = *window, .direct = direct, .channels = channels, .width = 1, .positions = 1};
    for (size_t d = 0; d < window->rank; d++)
        if (window->stride[d] > (int64_t)MOST || window->dilation[d] > (int64_t)MOST ||
            window->taps[d] > (int64_t)MOST)
            return false;
    for (size_t d = 1; d < window->rank; d++) {
        padded->span[d] =
            padded->direct ? (size_t)window->in[d] : span_of(window, d, (size_t)window->out[d]);
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

bool quell_padded_of(struct quell_padded *padded, const struct quell_window *window,
                     size_t channels)
{
    return find(padded, window, channels, is_direct(window));
}

bool quell_padded_of_copies(struct quell_padded *padded, const struct quell_window *window,
                            size_t channels)
{
    return find(padded, window, channels, false);
}

static size_t samples_of(const struct quell_padded *padded, size_t most, size_t elements)
{
    size_t positions = padded->most * padded->positions;
    if (padded->most < (size_t)padded->window.out[0] || positions > LEAST_POSITIONS / 2) return 1;
    size_t samples = most / positions;
    while (samples > 1 && samples * padded->floats > elements) samples--;
    return samples;
}

size_t quell_padded_samples(const struct quell_padded *padded)
{
    return samples_of(padded, LEAST_POSITIONS, PREFERRED);
}

size_t quell_padded_short_samples(const struct quell_padded *padded)
{
    return samples_of(padded, MOST_SHORT, 2 * PREFERRED);
}

size_t quell_padded_tap(const struct quell_padded *padded, size_t tap, size_t c)
{
    const struct quell_window *window = &padded->window;
    int64_t place[QUELL_MOST_SPATIAL_DIMS];
    size_t at = 0;
    quell_window_place(window, window->taps, tap, place);
    for (size_t d = 0; d < window->rank; d++)
        at = at * (d ? padded->span[d] : 1) + (size_t)(place[d] * window->dilation[d]);
    return c * padded->channel + at * padded->position;
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
            for (size_t i = 0; i < across; i++) *row++ = (at + i * step) * padded->position;
        }
}

/* Puts `span` positions along dimension d of the elements from x[at] on, with the zeros before and
 * after them. `from` is the place of the first position, counted from the first element. */
static void put_row(const struct quell_padded *padded, const struct quell_padded_put *put, size_t d,
                    size_t at, int64_t from, size_t span)
{
    int64_t size = padded->window.in[d], end = from + (int64_t)span;
    size_t before = from < 0 ? (size_t)(end < 0 ? (int64_t)span : -from) : 0;
    size_t after = end > size ? (size_t)(from > size ? (int64_t)span : end - size) : 0;
    size_t inside = span > before + after ? span - before - after : 0;
    put->zeros(put->user, inside ? before : span);
    if (!inside) return;
    put->row(put->user, at + (from < 0 ? 0 : (size_t)from), inside);
    put->zeros(put->user, after);
}

/* Puts a line of the input, which begins at x[at]. */
static void put_line(const struct quell_padded *padded, const struct quell_padded_put *put,
                     size_t at)
{
    const struct quell_window *window = &padded->window;
    if (window->rank == 2) {
        put_row(padded, put, 1, at, -window->before[1], padded->span[1]);
        return;
    }
    for (size_t i = 0; i < padded->span[1]; i++) {
        int64_t row = (int64_t)i - window->before[1];
        if (row < 0 || row >= window->in[1])
            put->zeros(put->user, padded->span[2]);
        else
            put_row(padded, put, 2, at + (size_t)(row * window->in[2]), -window->before[2],
                    padded->span[2]);
    }
}

void quell_padded_walk(const struct quell_padded *padded, size_t line, size_t count,
                       const struct quell_padded_put *put)
{
    const struct quell_window *window = &padded->window;
    size_t first = line * (size_t)window->stride[0], lines = span_of(window, 0, count), in_line = 1;
    for (size_t d = 1; d < window->rank; d++) in_line *= (size_t)window->in[d];
    int64_t from = (int64_t)first - window->before[0];
    if (window->rank == 1) put_row(padded, put, 0, 0, from, lines);
    for (size_t l = 0; l < lines && window->rank > 1; l++) {
        int64_t at = from + (int64_t)l;
        bool inside = at >= 0 && at < window->in[0];
        if (inside && put->line) put->line(put->user, (size_t)at);
        if (inside)
            put_line(padded, put, put->line ? 0 : (size_t)at * in_line);
        else
            put->zeros(put->user, padded->width);
    }
}

/* A copy of floats in progress: x, or the line of it that is read, the distance of its channels
 * there, and where the next position goes. */
struct copying {
    const struct quell_kernels *kernels;
    const struct quell_image *image;
    const float *x;
    size_t in, channels;
    float *to;
};

static void take_line(void *user, size_t line)
{
    struct copying *copy = user;
    copy->x = quell_image_line(copy->image, line, &copy->in);
}

static void put_zeros(void *user, size_t positions)
{
    struct copying *copy = user;
    size_t count = positions * copy->channels;
    memset(copy->to, 0, count * sizeof *copy->to);
    copy->to += count;
}

static void put_floats(void *user, size_t at, size_t positions)
{
    struct copying *copy = user;
    if (copy->channels == 1)
        memcpy(copy->to, copy->x + at, positions * sizeof *copy->to);
    else
        copy->kernels->turn(copy->x + at, copy->channels, copy->in, positions, copy->to,
                            copy->channels);
    copy->to += positions * copy->channels;
}

const float *quell_padded_copy(const struct quell_padded *padded,
                               const struct quell_kernels *kernels, const struct quell_image *image,
                               size_t line, size_t count, float *to)
{
    struct copying copy = {kernels, image, image->x, image->channel, padded->channels, to};
    if (padded->direct)
        return quell_image_line(image, line * (size_t)padded->window.stride[0], &copy.in);
    quell_padded_walk(padded, line, count,
                      &(struct quell_padded_put){&copy, take_line, put_zeros, put_floats});
    return to;
}
