/* SPDX-License-Identifier: MIT */
/* conv with one input channel in a group, channel by channel. Elements outside of x count as zeros
 * in a sum. Their products change only the sign of a zero; the total starts from +0, so it does not
 * change. */
#include "base/memory.h"
#include "programs/kinds/conv_way.h"

#include <string.h>

/* Sums of more taps have several blocks. */
#define MOST_TAPS 128

/* The number of positions whose results and inputs stay in the first-level cache. */
#define POSITIONS 2048

bool quell_conv_depthwise_of(struct quell_padded *padded, const struct quell_conv_way *way)
{
    const struct quell_window *window = &way->lines.window;
    if (way->how != QUELL_CONV_LINES || way->inputs != 1 || way->k > MOST_TAPS ||
        window->stride[window->rank - 1] != 1 || !quell_padded_of(padded, window, 1))
        return false;
    size_t most = POSITIONS / padded->positions;
    if (most < padded->most) padded->most = most ? most : 1;
    return true;
}

size_t quell_conv_depthwise_floats(const struct quell_conv_way *way)
{
    struct quell_padded padded;
    if (!quell_conv_depthwise_of(&padded, way)) return 0;
    return quell_round_up(way->k * (sizeof(size_t) / sizeof(float)), QUELL_LANES) + padded.floats;
}

/* Computes `count` lines of the result of a channel. The rows of results are consecutive. */
static void compute(const struct quell_execution *at, const struct quell_padded *padded,
                    const float *x, size_t count, struct quell_windows *windows)
{
    const struct quell_window *window = &padded->window;
    size_t rank = window->rank, lines = rank == 3 ? count : 1;
    size_t line = (size_t)window->stride[0] * padded->width;
    windows->columns = rank == 1 ? count : (size_t)window->out[rank - 1];
    windows->rows = rank == 1 ? 1 : rank == 2 ? count : (size_t)window->out[1];
    windows->x_row = rank == 3 ? (size_t)window->stride[1] * padded->span[2] : line;
    windows->out_row = windows->columns;
    for (size_t l = 0; l < lines; l++) {
        windows->x = x + l * line;
        at->kernels->windows(windows);
        windows->out += windows->rows * windows->columns;
    }
}

void quell_conv_depthwise(const struct quell_execution *at, const struct quell_conv_way *way,
                          const struct quell_padded *padded, const struct quell_tail *tail,
                          const float *weights, const float *bias)
{
    const struct quell_shape *out = quell_out_shape(at), *in = quell_shape_of(at, 0);
    size_t *offset = (size_t *)(void *)at->scratch;
    float *copy =
        at->scratch + quell_round_up(way->k * (sizeof *offset / sizeof *copy), QUELL_LANES);
    size_t lines = out->size[1], strips = (lines + padded->most - 1) / padded->most, from;
    size_t channels = out->size[0], positions = quell_elements_of(out, 1, out->rank);
    size_t seen = quell_elements_of(in, 1, in->rank);
    size_t end = quell_part_of(at, at->samples * channels * strips, &from);
    for (size_t t = 0; t < way->k; t++) offset[t] = quell_padded_tap(padded, t, 0);
    for (size_t i = from; i < end; i++) {
        size_t row = i / strips, line = i % strips * padded->most, o = row % channels;
        size_t count = lines - line < padded->most ? lines - line : padded->most;
        if (quell_is_over_by(at, count * padded->positions)) return;
        size_t x = row / channels * in->size[0] + o / way->each, column = line * padded->positions;
        float *y = at->out + row * positions + column;
        struct quell_image image = {quell_in(at, 0) + x * seen, quell_elements_of(in, 2, in->rank),
                                    seen, NULL};
        const float *read = quell_padded_copy(padded, at->kernels, &image, line, count, copy);
        compute(at, padded, read, count,
                &(struct quell_windows){
                    .taps = way->k, .offset = offset, .weight = weights + o * way->k, .out = y});
        quell_tail_apply(tail, &(struct quell_piece_of_result){.row = row,
                                                               .rows = 1,
                                                               .column = column,
                                                               .columns = count * padded->positions,
                                                               .x = y,
                                                               .x_row = positions,
                                                               .out = y,
                                                               .out_row = positions,
                                                               .bias = bias,
                                                               .bias_row = 1});
    }
}
