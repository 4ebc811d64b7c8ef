/* SPDX-License-Identifier: MIT */
#include "networks/conv.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The number of positions, and of (tap, channel) pairs in whole lines of taps along the last
 * dimension, that are gathered at a time. They stay in the second-level cache beside the weights,
 * and are rows enough for the product. */
#define CHUNK 96
#define SLICE 384
#define LAST (QUELL_MOST_SPATIAL - 1)

size_t quell_map_positions(const struct quell_map_size *size)
{
    return size->size[0] * size->size[1] * size->size[2];
}

struct quell_map_size quell_conv_size(const struct quell_conv_shape *shape,
                                      const struct quell_map_size *size)
{
    struct quell_map_size out;
    for (size_t d = 0; d < QUELL_MOST_SPATIAL; d++)
        out.size[d] = (size->size[d] - 1) / shape->stride[d] + 1;
    return out;
}

struct permuted {
    const struct quell_weights *from;
    const struct quell_conv *conv;
};

/* Reads the tensor [out][in][taps] as a matrix [out][taps in]. */
static quell_status read_permuted(void *user, const char *name, size_t rank, const size_t *shape,
                                  float *out)
{
    const struct permuted *permuted = user;
    const struct quell_weights *from = permuted->from;
    const struct quell_conv_shape *conv = &permuted->conv->shape;
    if (rank == 1) return from->read(from->user, name, rank, shape, out);
    size_t taps = permuted->conv->taps, real[2 + QUELL_MOST_SPATIAL] = {conv->out, conv->in};
    size_t row = taps * conv->in, unused = QUELL_MOST_SPATIAL - conv->spatial;
    memcpy(real + 2, conv->kernel + unused, conv->spatial * sizeof *real);
    quell_status status = from->read(from->user, name, 2 + conv->spatial, real, out);
    if (status || !out) return status;
    float *copy = quell_new(row, sizeof *copy);
    if (!copy) return quell_fail(QUELL_NO_MEMORY, "network: no memory for %s", name);
    for (size_t j = 0; j < conv->out; j++) {
        memcpy(copy, out + j * row, row * sizeof *copy);
        for (size_t p = 0; p < row; p++)
            out[j * row + p] = copy[p % conv->in * taps + p / conv->in];
    }
    free(copy);
    return QUELL_OK;
}

quell_status quell_conv_load(struct quell_conv *conv, const struct quell_weights *from,
                             const char *name, const struct quell_conv_shape *shape)
{
    struct permuted permuted = {from, conv};
    const struct quell_weights matrix = {read_permuted, &permuted};
    *conv = (struct quell_conv){.shape = *shape, .taps = 1};
    for (size_t d = 0; d < QUELL_MOST_SPATIAL; d++) conv->taps *= shape->kernel[d];
    return quell_linear_load(&conv->linear, &matrix, name, conv->taps * shape->in, shape->out,
                             true);
}

void quell_conv_free(struct quell_conv *conv) { quell_linear_free(&conv->linear); }

void quell_conv_digest(const struct quell_conv *conv, struct quell_digest *digest)
{
    quell_digest_sizes(digest, conv->shape.kernel, QUELL_MOST_SPATIAL);
    quell_digest_sizes(digest, conv->shape.stride, QUELL_MOST_SPATIAL);
    quell_digest_whole(digest, conv->shape.periodic);
    quell_linear_digest(&conv->linear, digest);
}

/* The number of lines of taps that are gathered at a time. */
static size_t slice_lines(const struct quell_conv *conv)
{
    size_t lines = conv->taps / conv->shape.kernel[LAST];
    size_t slice = SLICE / (conv->shape.kernel[LAST] * conv->shape.in);
    return slice < 1 ? 1 : slice > lines ? lines : slice;
}

size_t quell_conv_floats(const struct quell_conv *conv)
{
    return CHUNK * slice_lines(conv) * conv->shape.kernel[LAST] * conv->shape.in;
}

/* A position in the output's maps: its row, and the coordinates of its first tap in the input,
 * which may be negative. */
struct place {
    size_t row;
    ptrdiff_t at[QUELL_MOST_SPATIAL];
};

static struct place find_place(const struct quell_conv_shape *shape,
                               const struct quell_map_size *out, size_t position)
{
    struct place place;
    for (size_t d = QUELL_MOST_SPATIAL; d-- > 0; position /= out->size[d])
        place.at[d] = (ptrdiff_t)(position % out->size[d] * shape->stride[d]) -
                      (ptrdiff_t)(shape->kernel[d] / 2);
    place.row = position;
    return place;
}

/* Brings a coordinate into [0, size); false if it is outside. */
static bool bring_in(ptrdiff_t *at, size_t size, bool periodic)
{
    ptrdiff_t n = (ptrdiff_t)size;
    if (*at >= 0 && *at < n) return true;
    *at = (*at % n + n) % n;
    return periodic;
}

/* Copies the channels of a source's map at a position to `to`. */
static void copy_channels(const struct quell_conv_source *s, size_t row, const ptrdiff_t *at,
                          float *to)
{
    size_t position = row;
    for (size_t d = 0; d < QUELL_MOST_SPATIAL; d++)
        position = position * s->size.size[d] + (size_t)at[d] / s->stretch[d];
    memcpy(to, s->map + position * quell_linear_stride(s->channels), s->channels * sizeof *to);
}

/* Whether a line of taps from `at` on lies inside the map of the only source, and without gaps. */
static bool is_run(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                   const ptrdiff_t *at)
{
    const struct quell_conv_source *s = pass->source;
    ptrdiff_t end = at[LAST] + (ptrdiff_t)conv->shape.kernel[LAST];
    return pass->sources == 1 && s->channels % QUELL_LANES == 0 && at[LAST] >= 0 &&
           end <= (ptrdiff_t)pass->size.size[LAST];
}

/* Gathers the inputs of a line of taps along the last dimension. at: the coordinates of the first
 * tap, all within the map except perhaps the last. */
static void gather_line(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                        size_t row, const ptrdiff_t *line, float *to)
{
    size_t taps = conv->shape.kernel[LAST], in = conv->shape.in;
    ptrdiff_t at[QUELL_MOST_SPATIAL] = {line[0], line[1], line[2]};
    if (is_run(conv, pass, at)) {
        const struct quell_map_size *size = &pass->size;
        size_t position = (row * size->size[0] + (size_t)at[0]) * size->size[1] + (size_t)at[1];
        position = position * size->size[2] + (size_t)at[2];
        memcpy(to, pass->source->map + position * in, taps * in * sizeof *to);
        return;
    }
    for (size_t t = 0; t < taps; t++, to += in) {
        at[LAST] = line[LAST] + (ptrdiff_t)t;
        if (!bring_in(&at[LAST], pass->size.size[LAST], conv->shape.periodic)) {
            memset(to, 0, in * sizeof *to);
            continue;
        }
        float *next = to;
        for (size_t s = 0; s < pass->sources; next += pass->source[s++].channels)
            copy_channels(&pass->source[s], row, at, next);
    }
}

/* Gathers the inputs of the lines of taps [line, line + lines) for `count` positions. */
static void gather(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                   const struct place *places, size_t count, size_t line, size_t lines)
{
    const struct quell_conv_shape *shape = &conv->shape;
    float *to = pass->scratch;
    size_t width = shape->kernel[LAST] * shape->in;
    for (const struct place *place = places; place < places + count; place++)
        for (size_t l = line; l < line + lines; l++, to += width) {
            ptrdiff_t at[] = {place->at[0] + (ptrdiff_t)(l / shape->kernel[1]),
                              place->at[1] + (ptrdiff_t)(l % shape->kernel[1]), place->at[2]};
            if (bring_in(&at[0], pass->size.size[0], shape->periodic) &&
                bring_in(&at[1], pass->size.size[1], shape->periodic))
                gather_line(conv, pass, place->row, at, to);
            else
                memset(to, 0, width * sizeof *to);
        }
}

/* Multiplies the inputs of the lines of taps [line, line + lines) by their weights, for `count`
 * positions. */
static void multiply(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                     size_t count, size_t line, size_t lines, float *out)
{
    size_t width = conv->shape.kernel[LAST] * conv->shape.in, k = lines * width;
    struct quell_product product = {
        .m = count,
        .n = conv->shape.out,
        .k = k,
        .a = pass->scratch,
        .a_row = k,
        .a_col = 1,
        .b = conv->linear.weights + line * width * QUELL_PANEL,
        .b_row = QUELL_PANEL,
        .b_panel = conv->linear.in * QUELL_PANEL,
        .c = out,
        .c_row = quell_linear_stride(conv->shape.out),
        .start = line ? NULL : conv->linear.bias,
        .accumulate = line > 0,
        .activation = line + lines < conv->taps / conv->shape.kernel[LAST] ? QUELL_IDENTITY
                                                                           : pass->activation,
    };
    pass->kernels->product(&product);
}

void quell_conv_apply(const struct quell_conv *conv, const struct quell_conv_pass *pass)
{
    struct quell_map_size size = quell_conv_size(&conv->shape, &pass->size);
    size_t positions = pass->rows * quell_map_positions(&size), most = slice_lines(conv);
    size_t lines = conv->taps / conv->shape.kernel[LAST];
    struct place places[CHUNK];
    for (size_t at = 0; at < positions; at += CHUNK) {
        size_t count = positions - at < CHUNK ? positions - at : CHUNK;
        for (size_t i = 0; i < count; i++) places[i] = find_place(&conv->shape, &size, at + i);
        for (size_t line = 0; line < lines; line += most) {
            size_t now = lines - line < most ? lines - line : most;
            gather(conv, pass, places, count, line, now);
            multiply(conv, pass, count, line, now,
                     pass->out + at * quell_linear_stride(conv->shape.out));
        }
    }
}
