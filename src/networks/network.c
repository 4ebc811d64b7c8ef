/* SPDX-License-Identifier: MIT */
#include "networks/conditioning.h"

#include <stdlib.h>

size_t quell_network_time_floats(const struct quell_network *network)
{
    return quell_conditioning_floats(network->conditioning);
}

void quell_network_time(const struct quell_network *network, const struct quell_kernels *kernels,
                        double time, float *out)
{
    quell_conditioning_time(network->conditioning, kernels, time, out);
}

void quell_network_free(struct quell_network *network)
{
    if (network) network->type->destroy(network);
    free(network);
}
