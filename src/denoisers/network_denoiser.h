/* SPDX-License-Identifier: MIT */
/* A trained network as a denoiser. */
#ifndef QUELL_DENOISERS_NETWORK_DENOISER_H
#define QUELL_DENOISERS_NETWORK_DENOISER_H

#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "networks/network.h"

/* Creates a denoiser that owns the network. On a failure the network is freed. */
quell_status quell_denoiser_network(quell_denoiser **denoiser, struct quell_network *network,
                                    const struct quell_parametrization *parametrization);

#endif
