/* SPDX-License-Identifier: MIT */
/* A loaded U-Net. */
#ifndef QUELL_NETWORKS_UNET_PARTS_H
#define QUELL_NETWORKS_UNET_PARTS_H

#include "networks/modulation.h"
#include "networks/unet.h"

struct quell_unet_block {
    struct quell_modulation ada;
    struct quell_conv first, second;
};

/* enter: the convolution into this depth from the one above. join: the convolution of its own map
 * together with the one from below; the deepest has none. down, up: its blocks. */
struct quell_unet_depth {
    struct quell_map_size size;
    struct quell_conv enter, join;
    struct quell_unet_block *down, *up;
};

struct quell_unet {
    struct quell_network base;
    struct quell_unet_shape shape;
    struct quell_conditioning conditioning;
    struct quell_unet_depth depth[QUELL_MOST_DEPTHS];
    struct quell_conv out;
};

/* Loads a U-Net of that class, and leaves its preferred number of rows unset. */
quell_status quell_unet_parts_load(struct quell_unet **unet, const struct quell_network_class *type,
                                   const struct quell_weights *from,
                                   const struct quell_unet_shape *shape);
void quell_unet_destroy(struct quell_network *network);
void quell_unet_digest(const struct quell_network *network, struct quell_digest *digest);

#endif
