/* SPDX-License-Identifier: MIT */
/* A loaded transformer. */
#ifndef QUELL_NETWORKS_DIT_PARTS_H
#define QUELL_NETWORKS_DIT_PARTS_H

#include "networks/attention.h"
#include "networks/dit.h"
#include "networks/modulation.h"

/* With swiglu the outputs of `in` are the two halves, where azula's alternate. turn: as in
 * attention.h; NULL without rope. */
struct quell_dit_block {
    struct quell_modulation ada;
    struct quell_linear qkv, y, in, out;
    float *turn;
};

/* position[tokens][stride of hidden]: in_proj's bias and the embedding of the position.
 * token_place, channel_place: of patches.h. */
struct quell_dit {
    struct quell_network base;
    struct quell_dit_shape shape;
    size_t tokens, channels;
    struct quell_conditioning conditioning;
    struct quell_attention attention;
    struct quell_linear in, out;
    struct quell_dit_block *blocks;
    float *position;
    uint32_t *token_place, *channel_place;
};

/* Loads a transformer of that class, and leaves its preferred number of rows unset. */
quell_status quell_dit_parts_load(struct quell_dit **dit, const struct quell_network_class *type,
                                  const struct quell_weights *from,
                                  const struct quell_dit_shape *shape);
void quell_dit_destroy(struct quell_network *network);
void quell_dit_digest(const struct quell_network *network, struct quell_digest *digest);

#endif
