/* SPDX-License-Identifier: MIT */
/* The residual MLP, the workhorse of tabular and scientific models:
 *
 *     h = in_proj x
 *     h <- h + out_i f(in_i h + mod_i e)        for each block i
 *     y = out_proj h
 *
 * with an activation f and the conditioning e of conditioning.h. The tensors are in_proj,
 * blocks.I.in_proj, blocks.I.mod_proj (without a bias), blocks.I.out_proj and out_proj. */
#ifndef QUELL_NETWORKS_MLP_H
#define QUELL_NETWORKS_MLP_H

#include "networks/conditioning.h"

struct quell_mlp_shape {
    size_t dim, hidden, blocks;
    enum quell_activation activation;
    struct quell_conditioning_shape conditioning;
};

quell_status quell_mlp_load(struct quell_network **network, const struct quell_weights *from,
                            const struct quell_mlp_shape *shape);

#endif
