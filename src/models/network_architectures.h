/* SPDX-License-Identifier: MIT */
/* The architectures by name, and the fields that a description of each has. */
#ifndef QUELL_MODELS_NETWORK_ARCHITECTURES_H
#define QUELL_MODELS_NETWORK_ARCHITECTURES_H

#include "models/document.h"
#include "networks/network.h"

/* Creates the network that the document describes, for samples of that shape, from those
 * weights. */
typedef quell_status quell_network_reader(const struct quell_document *document, size_t rank,
                                          const size_t *shape, const struct quell_weights *from,
                                          struct quell_network **network);

quell_network_reader quell_network_described;
quell_network_reader quell_network_read_dit, quell_network_read_vit, quell_network_read_unet;

#endif
