/* SPDX-License-Identifier: MIT */
/* The diffusion transformer and the vision transformer of azula.nn.dit and azula.nn.vit (0.11.1,
 * after Peebles & Xie, 2212.09748). On tokens x, with the conditioning e of conditioning.h,
 *
 *     h = in_proj x + pos_embedding(position)
 *     (a, b, c) = ada_zero e,   y = (a + 1) rms_norm(h) + b        for each block
 *     y <- y + y_proj attention(qkv_proj y)
 *     h <- h + c ffn(y)
 *     out_proj h
 *
 * The tensors are the conditioning's, and azula's names after "net.". */
#ifndef QUELL_NETWORKS_DIT_H
#define QUELL_NETWORKS_DIT_H

#include "networks/conditioning.h"
#include "networks/patches.h"

/* hidden: channels of a token, a multiple of heads, even. factor: of the channels within ffn.
 * swiglu: in place of the activation; factor hidden is then even. */
struct quell_dit_shape {
    struct quell_patches patches;
    size_t hidden, blocks, heads, factor;
    enum quell_activation activation;
    bool swiglu, qkv_bias, qk_norm, rope;
    struct quell_conditioning_shape conditioning;
};

quell_status quell_dit_load(struct quell_network **network, const struct quell_weights *from,
                            const struct quell_dit_shape *shape);

#endif
