/* SPDX-License-Identifier: MIT */
#include "networks/conv.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Positions and (tap, channel) pairs that are gathered at a time: they stay in the second-level
 * cache beside the weights, and are enough rows for the product. */
#define CHUNK 96
#define SLICE 288

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

/* A matrix [out][taps in] from the tensor [out][in][taps]. */
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

/* Taps that are gathered at a time. */
static size_t slice_taps(const struct quell_conv *conv)
{
    size_t taps = SLICE / conv->shape.in;
    return taps < 1 ? 1 : taps > conv->taps ? conv->taps : taps;
}

size_t quell_conv_floats(const struct quell_conv *conv)
{
    return CHUNK * slice_taps(conv) * conv->shape.in;
}

/* A place in the maps of the output: their row and the first tap's coordinates in the input, which
 * may be negative. */
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

/* What a tap sees at a place: its channels from all sources; returns where the next ones go. */
static float *gather_tap(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                         const struct place *place, size_t tap, float *to)
{
    ptrdiff_t at[QUELL_MOST_SPATIAL];
    bool inside = true;
    for (size_t d = QUELL_MOST_SPATIAL; d-- > 0; tap /= conv->shape.kernel[d]) {
        at[d] = place->at[d] + (ptrdiff_t)(tap % conv->shape.kernel[d]);
        inside &= bring_in(&at[d], pass->size.size[d], conv->shape.periodic);
    }
    if (!inside) {
        memset(to, 0, conv->shape.in * sizeof *to);
        return to + conv->shape.in;
    }
    for (const struct quell_conv_source *s = pass->source; s < pass->source + pass->sources; s++) {
        size_t position = place->row;
        for (size_t d = 0; d < QUELL_MOST_SPATIAL; d++)
            position = position * s->size.size[d] + (size_t)at[d] / s->stretch[d];
        memcpy(to, s->map + position * quell_linear_stride(s->channels), s->channels * sizeof *to);
        to += s->channels;
    }
    return to;
}

static void gather(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                   const struct place *places, size_t count, size_t tap, size_t taps)
{
    float *to = pass->scratch;
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < taps; t++) to = gather_tap(conv, pass, &places[i], tap + t, to);
}

/* The product of the taps [tap, tap + taps) at `count` positions. */
static void multiply(const struct quell_conv *conv, const struct quell_conv_pass *pass,
                     size_t count, size_t tap, size_t taps, float *out)
{
    size_t k = taps * conv->shape.in;
    struct quell_product product = {
        .m = count,
        .n = conv->shape.out,
        .k = k,
        .a = pass->scratch,
        .a_row = k,
        .a_col = 1,
        .b = conv->linear.weights + tap * conv->shape.in * QUELL_PANEL,
        .b_row = QUELL_PANEL,
        .b_panel = conv->linear.in * QUELL_PANEL,
        .c = out,
        .c_row = quell_linear_stride(conv->shape.out),
        .start = tap ? NULL : conv->linear.bias,
        .accumulate = tap > 0,
    };
    pass->kernels->product(&product);
}

void quell_conv_apply(const struct quell_conv *conv, const struct quell_conv_pass *pass)
{
    struct quell_map_size size = quell_conv_size(&conv->shape, &pass->size);
    size_t positions = pass->rows * quell_map_positions(&size), most = slice_taps(conv);
    struct place places[CHUNK];
    for (size_t at = 0; at < positions; at += CHUNK) {
        size_t count = positions - at < CHUNK ? positions - at : CHUNK;
        for (size_t i = 0; i < count; i++) places[i] = find_place(&conv->shape, &size, at + i);
        for (size_t tap = 0; tap < conv->taps; tap += most) {
            size_t taps = conv->taps - tap < most ? conv->taps - tap : most;
            gather(conv, pass, places, count, tap, taps);
            multiply(conv, pass, count, tap, taps,
                     pass->out + at * quell_linear_stride(conv->shape.out));
        }
    }
}
