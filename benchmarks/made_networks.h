/* SPDX-License-Identifier: MIT */
/* Networks with weights at random, as programs, for benchmarks in C alone: those of
 * benchmarks/networks, told a time and a class. */
#ifndef QUELL_BENCHMARKS_MADE_NETWORKS_H
#define QUELL_BENCHMARKS_MADE_NETWORKS_H

#include <quell/denoiser.h>

#define MADE_CLASSES 10

/* Returns the name of the i-th network, or NULL past the last one; and a network by its number.
 * Ends the program if it cannot be made. */
const char *made_network_name(size_t i);
quell_denoiser *made_network(size_t i);

#endif
