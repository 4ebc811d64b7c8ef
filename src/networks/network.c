/* SPDX-License-Identifier: MIT */
#include "networks/network.h"

#include <stdlib.h>

void quell_network_free(struct quell_network *network)
{
    if (network) network->type->destroy(network);
    free(network);
}
