/* SPDX-License-Identifier: MIT */
/* The U-Net of azula.nn.unet (0.11.1, after Ronneberger et al., 1505.04597) in one to three
 * dimensions. Down the depths i = 0, 1, ..., then up again, with the conditioning e of
 * conditioning.h,
 *
 *     x = conv x                             at stride 1 for i = 0, else at `stride`; blocks
 *     x = conv (skip_i, upsample x), nearest; blocks              but at the deepest: blocks
 *     y = conv x
 *
 *     (a, b, c) = ada_zero e,   y = (a + 1) norm(x) + b           for each block
 *     x <- x + c conv silu(conv y)
 *
 * The tensors are the conditioning's, and azula's names after "net.". */
#ifndef QUELL_NETWORKS_UNET_H
#define QUELL_NETWORKS_UNET_H

#include "networks/conditioning.h"
#include "networks/conv.h"

#define QUELL_MOST_DEPTHS 16

enum quell_unet_norm { QUELL_NORM_LAYER, QUELL_NORM_RMS, QUELL_NORM_GROUP };

/* channels: of the sample, which is [channels][size...]. size, kernel and stride are 1 in unused
 * dimensions, which come first. hidden, blocks: one number for each depth. groups: the greatest
 * number of groups of a group norm; it divides the hidden channels, unless these are fewer. factor:
 * ratio of the channels within ffn. */
struct quell_unet_shape {
    size_t channels, spatial, depths;
    struct quell_map_size size;
    size_t hidden[QUELL_MOST_DEPTHS], blocks[QUELL_MOST_DEPTHS];
    size_t kernel[QUELL_MOST_SPATIAL], stride[QUELL_MOST_SPATIAL];
    bool periodic;
    enum quell_unet_norm norm;
    size_t groups, factor;
    struct quell_conditioning_shape conditioning;
};

quell_status quell_unet_load(struct quell_network **network, const struct quell_weights *from,
                             const struct quell_unet_shape *shape);

#endif
