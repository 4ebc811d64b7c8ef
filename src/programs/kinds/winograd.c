/* SPDX-License-Identifier: MIT */
#include "programs/kinds/winograd.h"
#include "base/memory.h"
#include "programs/divide.h"
#include "programs/kinds/image.h"
#include "programs/tail.h"

#include <string.h>

/* Limits of the floats that are processed at a time, so that they stay in the second-level cache:
 * of the transformed input, and of a copy of the input. */
#define MOST_SPLIT 131072
#define MOST_COPY 24576

/* Limits of the tiles at a time: whole tiles of the products, and enough for each weight that is
 * read. */
#define LEAST_TILES 12
#define MOST_TILES 48

#define CHANNELS_AT_A_TIME 64

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Returns a distance at which rows do not all use the same sets of a cache. */
static size_t apart(size_t floats) { return floats % 256 ? floats : floats + QUELL_LANES; }

struct quell_winograd quell_winograd_of(const struct quell_window *window, size_t tile,
                                        size_t inputs, size_t outputs)
{
    struct quell_winograd x = {
        .window = *window, .tile = tile, .size = tile + 2, .inputs = inputs, .outputs = outputs};
    size_t squares = x.size * x.size, lanes = quell_round_up(inputs, QUELL_LANES);
    for (size_t d = 0; d < 2; d++) x.tiles[d] = ((size_t)window->out[d] + tile - 1) / tile;
    x.row = apart(lanes);
    x.most = MOST_SPLIT / squares / x.row / LEAST_TILES * LEAST_TILES;
    x.most = least(x.most < LEAST_TILES ? LEAST_TILES : x.most, MOST_TILES);
    x.channels = least(quell_round_up(outputs, QUELL_PANEL), CHANNELS_AT_A_TIME);
    x.split = least(lanes, CHANNELS_AT_A_TIME);
    x.run = (MOST_COPY / x.size / x.split - 2) / tile;
    x.run = least(x.run ? x.run : 1, least(x.most, x.tiles[1]));
    x.in_frequency = apart(x.most * x.row);
    x.out_frequency = apart(x.most * x.channels);
    return x;
}

quell_status quell_winograd_check(const struct quell_inference *at, int64_t tile)
{
    const struct quell_shape *w = quell_operand(at, 1);
    const struct quell_setting *set = at->of->set;
    if (!tile) return QUELL_OK;
    if (tile != 2 && tile != 4 && tile != 6)
        return quell_refuse(at, "'winograd' must be 2, 4 or 6, or be left out");
    if (w->rank != 4 || w->size[2] != 3 || w->size[3] != 3)
        return quell_refuse_operand(at, 1, "must be [out, in, 3, 3] for 'winograd'");
    for (size_t d = 0; d < 2; d++)
        if (set[QUELL_STRIDE].whole[d] != 1 || set[QUELL_DILATION].whole[d] != 1)
            return quell_refuse(at, "'winograd' needs strides and dilations of 1");
    if (quell_set(at->of, QUELL_CONV_GROUPS) == 1) return QUELL_OK;
    return quell_refuse(at, "'winograd' needs one group");
}

uint64_t quell_winograd_products(const struct quell_winograd *x)
{
    uint64_t tiles = (uint64_t)x->tiles[0] * x->tiles[1], product;
    if (__builtin_mul_overflow(tiles * x->size * x->size, (uint64_t)x->inputs * x->outputs,
                               &product))
        return UINT64_MAX;
    return product;
}

/* The sizes of the parts of a run's memory, one after the other. */
static size_t offset_floats(const struct quell_winograd *x)
{
    return quell_table_floats(x->inputs);
}
static size_t copy_floats(const struct quell_winograd *x)
{
    return x->size * (x->tile * x->run + 2) * x->split;
}
static size_t joined_floats(const struct quell_winograd *x)
{
    return quell_round_up(x->tile * x->tile * least(x->most, x->tiles[1]) * x->channels,
                          QUELL_LANES);
}
static size_t bias_floats(const struct quell_winograd *x)
{
    return quell_round_up(x->outputs, QUELL_PANEL);
}

size_t quell_winograd_floats(const struct quell_winograd *x)
{
    size_t squares = x->size * x->size;
    return offset_floats(x) + bias_floats(x) + copy_floats(x) + 2 * joined_floats(x) +
           squares * (x->in_frequency + x->out_frequency);
}

/* A convolution that is being computed. `bias` has as many elements as whole panels, or is NULL.
 * `out` is where the result goes; the worker's lines of it are first ... end - 1. */
struct work {
    const struct quell_execution *at;
    const struct quell_winograd *x;
    struct quell_winograd_points points;
    struct quell_tail tail;
    const float *weights, *bias;
    size_t *offset;
    float *copy, *split, *products, *joined, *turned;
    struct quell_piece_at out;
    size_t first, end;
};

/* Consecutive tiles in a row of tiles: `count` from `column` on. */
struct run {
    size_t sample, line, column, count;
};

/* Returns the first run of `count` tiles from number `tile` of all samples on. */
static struct run run_at(const struct quell_winograd *x, size_t tile, size_t count)
{
    size_t each = x->tiles[0] * x->tiles[1], column = tile % each % x->tiles[1];
    return (struct run){.sample = tile / each,
                        .line = tile % each / x->tiles[1],
                        .column = column,
                        .count = least(count, x->tiles[1] - column)};
}

/* Copies the elements of some channels that a run reads in a line of the input, whose channels are
 * `in` apart. In the copy, the channels of a position are consecutive. */
static void copy_line(const struct work *work, const float *line, size_t in, int64_t from,
                      size_t channels, size_t positions, float *to)
{
    const struct quell_window *window = &work->x->window;
    size_t width = work->x->split;
    int64_t end = from + (int64_t)positions, size = window->in[1];
    size_t before = from < 0 ? (size_t)(end < 0 ? (int64_t)positions : -from) : 0;
    size_t after = end > size ? (size_t)(from > size ? (int64_t)positions : end - size) : 0;
    size_t inside = positions > before + after ? positions - before - after : 0;
    if (!inside) before = positions, after = 0;
    memset(to, 0, before * width * sizeof *to);
    to += before * width;
    if (inside)
        work->at->kernels->turn(line + (from < 0 ? 0 : from), channels, in, inside, to, width);
    for (size_t i = 0; channels < width && i < inside; i++)
        memset(to + i * width + channels, 0, (width - channels) * sizeof *to);
    memset(to + inside * width, 0, after * width * sizeof *to);
}

/* Transforms some channels of a run, from `c` on. `to` is that of its first tile. */
static void split_channels(const struct work *work, const struct run *run, size_t c, float *to)
{
    const struct quell_winograd *x = work->x;
    const struct quell_window *window = &x->window;
    size_t channels = least(x->inputs - c, x->split), positions = run->count * x->tile + 2;
    struct quell_image image = quell_image_of(work->at, run->sample);
    int64_t line = (int64_t)(run->line * x->tile) - window->before[0];
    int64_t from = (int64_t)(run->column * x->tile) - window->before[1];
    for (size_t l = 0; l < x->size; l++, line++) {
        float *copy = work->copy + l * positions * x->split;
        if (line < 0 || line >= window->in[0]) {
            memset(copy, 0, positions * x->split * sizeof *copy);
            continue;
        }
        size_t in;
        const float *seen = quell_image_line(&image, (size_t)line, &in) + c * in;
        copy_line(work, seen, in, from, channels, positions, copy);
    }
    work->at->kernels->split(
        &(struct quell_split){.points = &work->points,
                              .tiles = run->count,
                              .channels = quell_round_up(channels, QUELL_LANES),
                              .x = work->copy,
                              .line = positions * x->split,
                              .position = x->split,
                              .out = to + c,
                              .frequency = x->in_frequency,
                              .tile = x->row});
}

/* Transforms the input of `count` tiles from number `tile` on. */
static void split_tiles(const struct work *work, size_t tile, size_t count)
{
    const struct quell_winograd *x = work->x;
    for (size_t done = 0; done < count;) {
        struct run run = run_at(x, tile + done, count - done);
        run.count = least(run.count, x->run);
        for (size_t c = 0; c < x->inputs; c += x->split)
            split_channels(work, &run, c, work->split + done * x->row);
        done += run.count;
    }
}

/* Returns the length of the blocks of a Dot over channels: it is shorter than elsewhere, because
 * the transforms amplify rounding errors. */
static size_t block_of(size_t k)
{
    size_t block = 32;
    while (block * block < 4 * k) block *= 2;
    return block;
}

/* Multiplies `count` tiles by the weights of output channels from ... to - 1, panel by panel. In a
 * panel the weights of all frequencies are consecutive. */
static void multiply(const struct work *work, size_t count, size_t from, size_t to)
{
    const struct quell_winograd *x = work->x;
    size_t squares = x->size * x->size, plane = x->inputs * QUELL_PANEL;
    const float *weights = work->weights + from / QUELL_PANEL * squares * plane;
    for (size_t o = from; o < to; o += QUELL_PANEL)
        for (size_t f = 0; f < squares; f++, weights += plane)
            work->at->kernels->dots(
                &(struct quell_dots){.m = count,
                                     .n = least(to - o, QUELL_PANEL),
                                     .k = x->inputs,
                                     .block = block_of(x->inputs),
                                     .a = work->split + f * x->in_frequency,
                                     .a_row = x->row,
                                     .left = work->offset,
                                     .b = weights,
                                     .b_panel = plane,
                                     .out = work->products + f * x->out_frequency + (o - from),
                                     .out_row = x->channels});
}

/* Passes on the results of a run, [channel][line][position], for output channels from ... to - 1
 * and those lines that are the worker's. Lines as wide as the result are consecutive there too. */
static void hand_on(const struct work *work, const struct run *run, size_t from, size_t to,
                    size_t lines, size_t width)
{
    const struct quell_winograd *x = work->x;
    size_t across = (size_t)x->window.out[1], line = run->line * x->tile;
    size_t first = line < work->first ? work->first - line : 0;
    size_t end = line + lines > work->end ? work->end - line : lines;
    size_t column = line * across + run->column * x->tile;
    size_t pieces = width == across ? 1 : end - first, each = (end - first) / pieces;
    for (size_t l = first; l < end; l += each) {
        struct quell_piece_of_result piece = {.row = run->sample * x->outputs + from,
                                              .rows = to - from,
                                              .column = column + l * across,
                                              .columns = each * width,
                                              .x = work->turned + l * width,
                                              .x_row = lines * width,
                                              .out_row = work->out.row};
        piece.out = work->out.at + piece.row * work->out.row + piece.column;
        quell_tail_apply(&work->tail, &piece);
    }
}

/* Transforms the products of a run back. `done` is the number of its first tile. */
static void join_run(const struct work *work, const struct run *run, size_t done, size_t from,
                     size_t to)
{
    const struct quell_winograd *x = work->x;
    size_t lines = least((size_t)x->window.out[0] - run->line * x->tile, x->tile);
    size_t width = least((size_t)x->window.out[1] - run->column * x->tile, run->count * x->tile);
    work->at->kernels->join(&(struct quell_join){.points = &work->points,
                                                 .tiles = run->count,
                                                 .channels = quell_round_up(to - from, QUELL_LANES),
                                                 .x = work->products + done * x->channels,
                                                 .frequency = x->out_frequency,
                                                 .tile = x->channels,
                                                 .bias = work->bias ? work->bias + from : NULL,
                                                 .out = work->joined,
                                                 .lines = lines,
                                                 .width = width,
                                                 .line = width * x->channels,
                                                 .position = x->channels});
    work->at->kernels->turn(work->joined, lines * width, x->channels, to - from, work->turned,
                            lines * width);
    hand_on(work, run, from, to, lines, width);
}

static void join_tiles(const struct work *work, size_t tile, size_t count, size_t from, size_t to)
{
    for (size_t done = 0; done < count;) {
        struct run run = run_at(work->x, tile + done, count - done);
        join_run(work, &run, done, from, to);
        done += run.count;
    }
}

/* Computes `count` tiles, as many as are processed at a time. */
static void run_tiles(const struct work *work, size_t tile, size_t count, size_t from, size_t to)
{
    split_tiles(work, tile, count);
    size_t each = count * work->x->size * work->x->size * work->x->inputs * work->x->channels;
    for (size_t o = from; o < to; o += work->x->channels) {
        if (o > from && quell_is_over_by(work->at, each / QUELL_PACED_PRODUCTS)) return;
        size_t end = least(o + work->x->channels, to);
        multiply(work, count, o, end);
        join_tiles(work, tile, count, o, end);
    }
}

/* The greatest number of output channels whose weights stay in a cache of each worker. */
#define FEW_CHANNELS 128

/* Computes tiles first ... end - 1, for some panels of output channels. */
static void run_groups(const struct work *work, size_t first, size_t end, size_t from, size_t to)
{
    size_t groups = (end - first + work->x->most - 1) / work->x->most;
    for (size_t g = 0; g < groups && !quell_is_over(work->at); g++) {
        size_t tile = first + (end - first) * g / groups;
        run_tiles(work, tile, first + (end - first) * (g + 1) / groups - tile, from, to);
    }
}

/* Divides the tiles of all samples among the workers. If there are few tiles, also divides the
 * panels of output channels, and each worker transforms the input itself. */
static void share(const struct work *work)
{
    const struct quell_execution *at = work->at;
    const struct quell_winograd *x = work->x;
    size_t tiles = at->samples * x->tiles[0] * x->tiles[1], workers = at->workers;
    size_t panels = (x->outputs + QUELL_PANEL - 1) / QUELL_PANEL, parts = 1;
    size_t enough = LEAST_TILES * (x->outputs > FEW_CHANNELS ? 2 : 1);
    while (parts < least(workers, panels) && tiles * parts < enough * workers) parts++;
    size_t shares = workers / parts, mine = at->worker / parts, part = at->worker % parts;
    if (mine >= shares) return;
    size_t from = panels * part / parts * QUELL_PANEL;
    size_t to = least(panels * (part + 1) / parts * QUELL_PANEL, x->outputs);
    run_groups(work, tiles * mine / shares, tiles * (mine + 1) / shares, from, to);
}

/* Computes the worker's own lines. Tiles that belong to two workers are computed by both. */
static void run_own(struct work *work)
{
    const struct quell_winograd *x = work->x;
    size_t across = (size_t)x->window.out[1], from, end = quell_own_range(work->at, &from);
    work->out = quell_own_out(work->at);
    work->first = from / across;
    work->end = end / across;
    run_groups(work, work->first / x->tile * x->tiles[1],
               (work->end + x->tile - 1) / x->tile * x->tiles[1], 0, x->outputs);
}

void quell_winograd_run(const struct quell_execution *at, const struct quell_winograd *x)
{
    struct work work = {
        .at = at, .x = x, .points = quell_winograd_points(x->tile), .weights = at->of->packed};
    float *memory = at->scratch, *bias = memory + offset_floats(x);
    work.offset = (size_t *)(void *)memory;
    work.copy = bias + bias_floats(x);
    work.joined = work.copy + copy_floats(x);
    work.turned = work.joined + joined_floats(x);
    work.split = work.turned + joined_floats(x);
    work.products = work.split + x->size * x->size * x->in_frequency;
    for (size_t c = 0; c < x->inputs; c++) work.offset[c] = c;
    memset(bias, 0, bias_floats(x) * sizeof *bias);
    if (at->of->operands > 2) {
        memcpy(bias, quell_in(at, 2), x->outputs * sizeof *bias);
        work.bias = bias;
    }
    if (!work.weights) {
        float *own = memory + quell_winograd_floats(x);
        quell_winograd_pack(x, quell_in(at, 1), own);
        work.weights = own;
    }
    work.out = (struct quell_piece_at){at->out, quell_elements_of(quell_out_shape(at), 1, 3)};
    work.end = (size_t)x->window.out[0];
    quell_tail_of(at, &work.tail);
    if (at->division)
        run_own(&work);
    else
        share(&work);
}
