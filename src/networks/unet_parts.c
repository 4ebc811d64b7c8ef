/* SPDX-License-Identifier: MIT */
#include "networks/unet_parts.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static const size_t one[QUELL_MOST_SPATIAL] = {1, 1, 1};

static quell_status no_memory(void)
{
    return quell_fail(QUELL_NO_MEMORY, "network: no memory for its parts");
}

static quell_status load_conv(const struct quell_unet_shape *shape, struct quell_conv *conv,
                              const struct quell_weights *from, const char *name, size_t in,
                              size_t out, const size_t *stride)
{
    struct quell_conv_shape own = {
        .in = in, .out = out, .spatial = shape->spatial, .periodic = shape->periodic};
    for (size_t d = 0; d < QUELL_MOST_SPATIAL; d++) {
        own.kernel[d] = shape->kernel[d];
        own.stride[d] = stride[d];
    }
    return quell_conv_load(conv, from, name, &own);
}

static quell_status load_block(const struct quell_unet_shape *shape, struct quell_unet_block *block,
                               const struct quell_weights *from, const char *name, size_t channels)
{
    char full[80];
    size_t wide = shape->factor * channels;
    quell_status status =
        quell_modulation_load(&block->ada, from, name, shape->conditioning.width, channels);
    snprintf(full, sizeof full, "%s.ffn.0", name);
    if (!status) status = load_conv(shape, &block->first, from, full, channels, wide, one);
    snprintf(full, sizeof full, "%s.ffn.3", name);
    if (!status) status = load_conv(shape, &block->second, from, full, wide, channels, one);
    return status;
}

/* Loads the blocks of depth i, whose numbers in the list `at` begin at `first`. */
static quell_status load_blocks(const struct quell_unet_shape *shape, size_t i,
                                struct quell_unet_block **blocks, const struct quell_weights *from,
                                const char *way, size_t at, size_t first)
{
    char name[64];
    quell_status status = QUELL_OK;
    *blocks = quell_new(shape->blocks[i], sizeof **blocks);
    if (!*blocks) return no_memory();
    for (size_t j = 0; j < shape->blocks[i] && !status; j++) {
        snprintf(name, sizeof name, "net.%s.%zu.%zu", way, at, first + j);
        status = load_block(shape, &(*blocks)[j], from, name, shape->hidden[i]);
    }
    return status;
}

static quell_status load_descent(struct quell_unet *unet, const struct quell_weights *from,
                                 size_t i)
{
    char name[64];
    const struct quell_unet_shape *shape = &unet->shape;
    struct quell_unet_depth *depth = &unet->depth[i];
    size_t in = i ? shape->hidden[i - 1] : shape->channels;
    snprintf(name, sizeof name, "net.descent.%zu.0", i);
    quell_status status =
        load_conv(shape, &depth->enter, from, name, in, shape->hidden[i], i ? shape->stride : one);
    depth->size = i ? quell_conv_size(&depth->enter.shape, &depth[-1].size) : shape->size;
    return status ? status : load_blocks(shape, i, &depth->down, from, "descent", i, 1);
}

/* The depths of the ascent are numbered from the deepest on. */
static quell_status load_ascent(struct quell_unet *unet, const struct quell_weights *from, size_t i)
{
    char name[64];
    const struct quell_unet_shape *shape = &unet->shape;
    struct quell_unet_depth *depth = &unet->depth[i];
    size_t at = shape->depths - 1 - i, hidden = shape->hidden[i];
    quell_status status = QUELL_OK;
    snprintf(name, sizeof name, "net.ascent.%zu.0", at);
    if (at)
        status =
            load_conv(shape, &depth->join, from, name, hidden + shape->hidden[i + 1], hidden, one);
    if (!status) status = load_blocks(shape, i, &depth->up, from, "ascent", at, at ? 1 : 0);
    snprintf(name, sizeof name, "net.ascent.%zu.%zu", at, shape->blocks[i] + (at ? 1 : 0));
    if (!status && !i)
        status = load_conv(shape, &unet->out, from, name, hidden, shape->channels, one);
    return status;
}

static quell_status load_all(struct quell_unet *unet, const struct quell_weights *from)
{
    quell_status status =
        quell_conditioning_load(&unet->conditioning, from, &unet->shape.conditioning);
    for (size_t i = 0; i < unet->shape.depths && !status; i++) {
        status = load_descent(unet, from, i);
        if (!status) status = load_ascent(unet, from, i);
    }
    return status;
}

quell_status quell_unet_parts_load(struct quell_unet **out, const struct quell_network_class *type,
                                   const struct quell_weights *from,
                                   const struct quell_unet_shape *shape)
{
    struct quell_unet *unet = quell_new(1, sizeof *unet);
    if (!unet) return no_memory();
    size_t dim = shape->channels * quell_map_positions(&shape->size);
    unet->base = (struct quell_network){.type = type,
                                        .conditioning = &unet->conditioning,
                                        .inputs = dim,
                                        .outputs = dim,
                                        .classes = shape->conditioning.classes};
    unet->shape = *shape;
    quell_status status = load_all(unet, from);
    if (status)
        quell_network_free(&unet->base);
    else
        *out = unet;
    return status;
}

static void free_blocks(struct quell_unet_block *blocks, size_t count)
{
    for (size_t j = 0; blocks && j < count; j++) {
        quell_modulation_free(&blocks[j].ada);
        quell_conv_free(&blocks[j].first);
        quell_conv_free(&blocks[j].second);
    }
    free(blocks);
}

void quell_unet_destroy(struct quell_network *network)
{
    struct quell_unet *unet = (struct quell_unet *)network;
    quell_conditioning_free(&unet->conditioning);
    for (size_t i = 0; i < unet->shape.depths; i++) {
        quell_conv_free(&unet->depth[i].enter);
        quell_conv_free(&unet->depth[i].join);
        free_blocks(unet->depth[i].down, unet->shape.blocks[i]);
        free_blocks(unet->depth[i].up, unet->shape.blocks[i]);
    }
    quell_conv_free(&unet->out);
}

static void add_blocks(const struct quell_unet_block *blocks, size_t count,
                       struct quell_digest *digest)
{
    for (size_t j = 0; j < count; j++) {
        quell_modulation_digest(&blocks[j].ada, digest);
        quell_conv_digest(&blocks[j].first, digest);
        quell_conv_digest(&blocks[j].second, digest);
    }
}

/* The deepest depth has no `join`. */
static void add_depth(const struct quell_unet *unet, size_t i, struct quell_digest *digest)
{
    const struct quell_unet_depth *depth = &unet->depth[i];
    quell_conv_digest(&depth->enter, digest);
    if (i + 1 < unet->shape.depths) quell_conv_digest(&depth->join, digest);
    add_blocks(depth->down, unet->shape.blocks[i], digest);
    add_blocks(depth->up, unet->shape.blocks[i], digest);
}

void quell_unet_digest(const struct quell_network *network, struct quell_digest *digest)
{
    const struct quell_unet *unet = (const struct quell_unet *)network;
    const struct quell_unet_shape *shape = &unet->shape;
    const size_t sizes[] = {shape->channels, (size_t)shape->norm, shape->groups};
    quell_digest_sizes(digest, sizes, sizeof sizes / sizeof *sizes);
    quell_digest_sizes(digest, shape->size.size, QUELL_MOST_SPATIAL);
    quell_digest_sizes(digest, shape->hidden, shape->depths);
    quell_digest_sizes(digest, shape->blocks, shape->depths);
    for (size_t i = 0; i < shape->depths; i++) add_depth(unet, i, digest);
    quell_conv_digest(&unet->out, digest);
}
