/* SPDX-License-Identifier: MIT */
#include "networks/unet.h"
#include "networks/group_norm.h"
#include "networks/unet_parts.h"

#include <string.h>

/* Preferred number of positions in a forward pass, which still fit the cache. */
#define PREFERRED_POSITIONS 256
#define EPSILON 1e-5f

/* The arrays of a forward pass: the maps of sample and output, those of each depth on the way down
 * and up, the intermediate values of a block, and a row for each distinct label. */
struct work {
    float *labels, *e, *hidden, *ada, *x, *y, *wide, *norm, *conv;
    float *down[QUELL_MOST_DEPTHS], *up[QUELL_MOST_DEPTHS];
};

struct pass {
    const struct quell_unet *unet;
    const struct quell_pass *of;
    struct quell_labels labels;
    struct work work;
};

static const struct quell_unet *self(const struct quell_network *network)
{
    return (const struct quell_unet *)network;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t map_floats(size_t rows, const struct quell_map_size *size, size_t channels)
{
    return rows * quell_map_positions(size) * quell_linear_stride(channels);
}

/* The greatest sizes that any depth and convolution needs. */
struct needs {
    size_t map, wide, ada, norm, conv;
};

static void need_blocks(struct needs *needs, const struct quell_unet_block *blocks, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        needs->conv = larger(needs->conv, quell_conv_floats(&blocks[j].first));
        needs->conv = larger(needs->conv, quell_conv_floats(&blocks[j].second));
    }
}

static struct needs find_needs(const struct quell_unet *unet, size_t rows)
{
    const struct quell_unet_shape *shape = &unet->shape;
    struct needs needs = {.conv = quell_conv_floats(&unet->out)};
    for (size_t i = 0; i < shape->depths; i++) {
        const struct quell_unet_depth *depth = &unet->depth[i];
        size_t hidden = shape->hidden[i];
        needs.map = larger(needs.map, map_floats(rows, &depth->size, hidden));
        needs.wide = larger(needs.wide, map_floats(rows, &depth->size, shape->factor * hidden));
        needs.ada = larger(needs.ada, rows * quell_modulation_row(hidden));
        needs.norm = larger(needs.norm, quell_group_norm_floats(hidden));
        needs.conv = larger(needs.conv, quell_conv_floats(&depth->enter));
        if (i + 1 < shape->depths) needs.conv = larger(needs.conv, quell_conv_floats(&depth->join));
        need_blocks(&needs, depth->down, shape->blocks[i]);
        need_blocks(&needs, depth->up, shape->blocks[i]);
    }
    return needs;
}

static float *take(float **memory, size_t *used, size_t floats)
{
    float *part = *memory;
    floats = quell_linear_stride(floats);
    if (part) *memory += floats;
    *used += floats;
    return part;
}

/* Places the arrays of `work` in `memory`, and returns the number of floats they take. */
static size_t lay_out(const struct quell_unet *unet, size_t rows, float *memory, struct work *work)
{
    const struct quell_unet_shape *shape = &unet->shape;
    struct needs needs = find_needs(unet, rows);
    size_t width = quell_linear_stride(shape->conditioning.width), used = 0;
    work->labels = take(&memory, &used, quell_labels_floats(rows));
    work->e = take(&memory, &used, rows * width);
    work->hidden = take(&memory, &used, rows * width);
    work->ada = take(&memory, &used, needs.ada);
    work->x = take(&memory, &used, map_floats(rows, &shape->size, shape->channels));
    work->y = take(&memory, &used, needs.map);
    work->wide = take(&memory, &used, needs.wide);
    work->norm = take(&memory, &used, needs.norm);
    work->conv = take(&memory, &used, needs.conv);
    for (size_t i = 0; i < shape->depths; i++) {
        size_t floats = map_floats(rows, &unet->depth[i].size, shape->hidden[i]);
        work->down[i] = take(&memory, &used, floats);
        work->up[i] = i + 1 < shape->depths ? take(&memory, &used, floats) : work->down[i];
    }
    return used;
}

static size_t scratch_floats(const struct quell_network *network, size_t rows)
{
    struct work work;
    return lay_out(self(network), rows, NULL, &work);
}

static struct quell_conv_source source(const struct quell_map_size *size, size_t channels,
                                       const float *map, const size_t *stretch)
{
    struct quell_conv_source source = {map, channels, *size, {1, 1, 1}};
    if (stretch) memcpy(source.stretch, stretch, sizeof source.stretch);
    return source;
}

/* out = activation conv (the sources side by side, as maps of that size) */
static void convolve(const struct pass *p, const struct quell_conv *conv,
                     const struct quell_map_size *size, size_t sources,
                     const struct quell_conv_source *from, enum quell_activation activation,
                     float *out)
{
    struct quell_conv_pass pass = {.kernels = p->of->kernels,
                                   .rows = p->of->rows,
                                   .sources = sources,
                                   .size = *size,
                                   .activation = activation,
                                   .out = out,
                                   .scratch = p->work.conv};
    memcpy(pass.source, from, sources * sizeof *from);
    quell_conv_apply(conv, &pass);
}

/* y = (a + 1) norm(x) + b for a row's map */
static void modulate(const struct pass *p, size_t channels, size_t positions, const float *ada,
                     const float *x, float *y)
{
    const struct quell_unet_shape *shape = &p->unet->shape;
    size_t stride = quell_linear_stride(channels);
    if (shape->norm == QUELL_NORM_GROUP) {
        const struct quell_group_norm norm = {.positions = positions,
                                              .channels = channels,
                                              .row = stride,
                                              .groups = shape->groups < channels ? shape->groups
                                                                                 : channels,
                                              .x = x,
                                              .scale = ada,
                                              .shift = ada + channels,
                                              .out = y,
                                              .scratch = p->work.norm,
                                              .epsilon = EPSILON};
        quell_group_norm_apply(&norm, p->of->kernels);
        return;
    }
    bool centred = shape->norm == QUELL_NORM_LAYER;
    const struct quell_norm norm = {.rows = positions,
                                    .width = channels,
                                    .x = x,
                                    .x_row = stride,
                                    .out = y,
                                    .out_row = stride,
                                    .scale = ada,
                                    .shift = ada + channels,
                                    .epsilon = EPSILON,
                                    .less = centred,
                                    .centred = centred};
    p->of->kernels->norm(&norm);
}

/* x <- x + c conv silu(conv y) */
static void run_block(const struct pass *p, const struct quell_unet_block *block,
                      const struct quell_map_size *size, float *x)
{
    const struct quell_kernels *kernels = p->of->kernels;
    size_t channels = block->first.shape.in, wide = block->first.shape.out;
    size_t positions = quell_map_positions(size), stride = quell_linear_stride(channels);
    quell_modulation_apply(&block->ada, kernels, p->labels.count, p->work.e, p->work.hidden,
                           p->work.ada);
    const float *ada = p->work.ada;
    size_t ada_row = quell_modulation_row(channels);
    for (size_t row = 0; row < p->of->rows; row++) {
        size_t at = row * positions * stride;
        modulate(p, channels, positions, ada + p->labels.slot[row] * ada_row, x + at,
                 p->work.y + at);
    }
    struct quell_conv_source y = source(size, channels, p->work.y, NULL);
    struct quell_conv_source inner = source(size, wide, p->work.wide, NULL);
    convolve(p, &block->first, size, 1, &y, QUELL_SILU, p->work.wide);
    convolve(p, &block->second, size, 1, &inner, QUELL_IDENTITY, p->work.y);
    for (size_t i = 0; i < p->of->rows * positions; i++) {
        const float *c = ada + p->labels.slot[i / positions] * ada_row + 2 * channels;
        kernels->affine(x + i * stride, p->work.y + i * stride, channels, c, x + i * stride);
    }
}

static void descend(const struct pass *p, size_t i)
{
    const struct quell_unet_shape *shape = &p->unet->shape;
    const struct quell_unet_depth *depth = &p->unet->depth[i];
    struct quell_conv_source above =
        i ? source(&depth[-1].size, shape->hidden[i - 1], p->work.down[i - 1], NULL)
          : source(&shape->size, shape->channels, p->work.x, NULL);
    convolve(p, &depth->enter, &above.size, 1, &above, QUELL_IDENTITY, p->work.down[i]);
    for (size_t j = 0; j < shape->blocks[i]; j++)
        run_block(p, &depth->down[j], &depth->size, p->work.down[i]);
}

static void ascend(const struct pass *p, size_t i)
{
    const struct quell_unet_shape *shape = &p->unet->shape;
    const struct quell_unet_depth *depth = &p->unet->depth[i];
    if (i + 1 < shape->depths) {
        const struct quell_conv_source both[] = {
            source(&depth->size, shape->hidden[i], p->work.down[i], NULL),
            source(&depth[1].size, shape->hidden[i + 1], p->work.up[i + 1], shape->stride)};
        convolve(p, &depth->join, &depth->size, 2, both, QUELL_IDENTITY, p->work.up[i]);
    }
    for (size_t j = 0; j < shape->blocks[i]; j++)
        run_block(p, &depth->up[j], &depth->size, p->work.up[i]);
}

/* Transposes the matrix of each row: m lines of n numbers become n lines of m. Lines are from_line
 * and to_line apart. */
static void transpose(size_t rows, size_t m, size_t n, const float *from, size_t from_line,
                      float *to, size_t to_line)
{
    for (size_t row = 0; row < rows; row++, from += m * from_line, to += n * to_line)
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) to[j * to_line + i] = from[i * from_line + j];
}

static void forward(const struct quell_network *network, const struct quell_pass *of)
{
    struct pass p = {.unet = self(network), .of = of};
    const struct quell_unet_shape *shape = &p.unet->shape;
    lay_out(p.unet, of->rows, of->scratch, &p.work);
    p.labels = quell_labels_of(network, of, p.work.labels);
    quell_conditioning_apply(&p.unet->conditioning, of, &p.labels, p.work.e);
    size_t channels = shape->channels, positions = quell_map_positions(&shape->size);
    size_t stride = quell_linear_stride(channels);
    transpose(of->rows, channels, positions, of->x, positions, p.work.x, stride);
    for (size_t i = 0; i < shape->depths; i++) descend(&p, i);
    for (size_t i = shape->depths; i-- > 0;) ascend(&p, i);
    struct quell_conv_source last = source(&shape->size, shape->hidden[0], p.work.up[0], NULL);
    convolve(&p, &p.unet->out, &shape->size, 1, &last, QUELL_IDENTITY, p.work.x);
    transpose(of->rows, positions, channels, p.work.x, stride, of->out, positions);
}

static const struct quell_network_class unet_class = {
    .architecture = "unet",
    .scratch_floats = scratch_floats,
    .forward = forward,
    .destroy = quell_unet_destroy,
    .digest = quell_unet_digest,
};

quell_status quell_unet_load(struct quell_network **network, const struct quell_weights *from,
                             const struct quell_unet_shape *shape)
{
    struct quell_unet *unet = NULL;
    quell_status status = quell_unet_parts_load(&unet, &unet_class, from, shape);
    if (status) return status;
    size_t positions = quell_map_positions(&shape->size);
    unet->base.rows = positions < PREFERRED_POSITIONS ? PREFERRED_POSITIONS / positions : 1;
    *network = &unet->base;
    return QUELL_OK;
}
