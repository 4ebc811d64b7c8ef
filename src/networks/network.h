/* SPDX-License-Identifier: MIT */
/* What a network is to its denoiser: a class of functions, and weights that never change.
 *
 * A network maps rows of x[rows][inputs], a time and, where it has classes, a label per row to
 * out[rows][outputs]. Each output is a function of its own row alone, down to the last bit: linear
 * maps are matrix products (simd/kernels.h), and the rest works on each row by itself. */
#ifndef QUELL_NETWORKS_NETWORK_H
#define QUELL_NETWORKS_NETWORK_H

#include <stddef.h>
#include <stdint.h>
#include <quell/status.h>
#include "base/digest.h"
#include "simd/kernels.h"

/* Where weights come from. read: the tensor of that name, which must have that shape, as float32
 * to out[product of the shape]; a failure names file and tensor. With out NULL it is only checked
 * that it is there, so that no size is believed before memory is asked for. */
struct quell_weights {
    quell_status (*read)(void *user, const char *name, size_t rank, const size_t *shape,
                         float *out);
    void *user;
};

/* One forward pass. time: what quell_network_time made of it. labels[rows]: below the number of
 * classes, or -1 for "no class"; NULL: no class for all. scratch: of scratch_floats(rows) floats,
 * aligned to a cache line. */
struct quell_pass {
    const struct quell_kernels *kernels;
    size_t rows;
    const float *time;
    const int32_t *labels;
    const float *x;
    float *out;
    float *scratch;
};

struct quell_network;

struct quell_network_class {
    const char *architecture;
    size_t (*scratch_floats)(const struct quell_network *network, size_t rows);
    void (*forward)(const struct quell_network *network, const struct quell_pass *pass);
    void (*destroy)(struct quell_network *network); /* frees the members, not the struct */
    /* Adds its shape and its weights, but for the conditioning's. */
    void (*digest)(const struct quell_network *network, struct quell_digest *digest);
};

struct quell_conditioning;

/* The head of every network. rows: how many it likes at a time. conditioning: one of its members.
 */
struct quell_network {
    const struct quell_network_class *type;
    const struct quell_conditioning *conditioning;
    size_t inputs, outputs, classes, rows;
};

/* What depends on the time alone, worked out once for many passes: out[quell_network_time_floats].
 */
size_t quell_network_time_floats(const struct quell_network *network);
void quell_network_time(const struct quell_network *network, const struct quell_kernels *kernels,
                        double time, float *out);

/* NULL is allowed. */
void quell_network_free(struct quell_network *network);

#endif
