/* SPDX-License-Identifier: MIT */
/* A small network of each architecture, with classes and weights by formula
 * (tests/reference/trajectories.py has the same), as its denoiser and as its file. */
#ifndef QUELL_TESTS_SMALL_NETWORKS_H
#define QUELL_TESTS_SMALL_NETWORKS_H

#include <quell/quell.h>
#include "networks/network.h"

#define SMALL_NETWORK_CLASSES 4
#define SMALL_NETWORK_MOST_DIM 64
#define SMALL_NETWORK_MOST_FILE ((size_t)1 << 18)

/* "mlp", "dit", "vit", "unet"; NULL past the end. */
const char *small_network_name(size_t i);

quell_status small_network_load(const char *name, const struct quell_weights *from,
                                struct quell_network **network);

/* With Karras' preconditioning. */
quell_status small_network_denoiser(const char *name, quell_denoiser **denoiser);

/* The description, with ' for ". */
const char *small_network_description(const char *name);

/* Writes the .safetensors file, with that description in it unless it is NULL, to
 * file[SMALL_NETWORK_MOST_FILE]; returns its size. */
size_t small_network_file(const char *name, const char *description, char *file);

/* Returns the denoiser, with classifier-free guidance of that weight; 1 is no guidance. Ends the
 * test if it cannot. */
quell_denoiser *small_network_guided(const char *name, double weight);

#endif
