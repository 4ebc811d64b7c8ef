/* SPDX-License-Identifier: MIT */
/* Small networks as programs, with Karras' preconditioning, classes and weights by formula: the
 * files of tests/networks/files, which tests/reference/networks.py made. */
#ifndef QUELL_TESTS_SMALL_NETWORKS_H
#define QUELL_TESTS_SMALL_NETWORKS_H

#include <quell/quell.h>

#define SMALL_NETWORK_CLASSES 4
#define SMALL_NETWORK_MOST_DIM 64
#define SMALL_NETWORK_MOST_FILE ((size_t)1 << 18)

/* "mlp", "dit", "vit" and "unet": a residual MLP, two transformers and a U-Net; NULL past the end.
 * All files can be asked for by name: "plane" and "space" are MLPs of dim 2 and 3; names that end
 * in _int8 and _bf16 are of networks with such weights. A model or a denoiser has products of
 * bfloat16 numbers if its name ends in ":products". */
const char *small_network_name(size_t i);

/* Reads the file to file[SMALL_NETWORK_MOST_FILE]; returns its size. */
size_t small_network_file(const char *name, char *file);

/* Its description, in new memory. */
char *small_network_description(const char *name);

/* Reads the file in the same way, but with another description, in which ' counts as ", or with
 * none if that is NULL. */
size_t small_network_described(const char *name, const char *description, char *file);

quell_model *small_network_model(const char *name);

/* The denoiser, with classifier-free guidance of that weight; 1 is no guidance. */
quell_denoiser *small_network_denoiser(const char *name);
quell_denoiser *small_network_guided(const char *name, double weight);

#endif
