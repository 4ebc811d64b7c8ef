/* SPDX-License-Identifier: MIT */
/* A network as its denoiser sees it: a class of functions, and weights that never change.
 *
 * A network maps rows of x[rows][inputs], a time and, where it has classes, a label per row to
 * out[rows][outputs]. Each output depends on its own row alone, down to the last bit: linear maps
 * are matrix products (simd/kernels.h), and everything else works on each row separately. */
#ifndef QUELL_NETWORKS_NETWORK_H
#define QUELL_NETWORKS_NETWORK_H

#include <stddef.h>
#include <stdint.h>
#include <quell/status.h>
#include "base/digest.h"
#include "simd/kernels.h"

/* A source of weights. read: copies the tensor of that name, which must have that shape, as float32
 * to out[product of the shape]; the message of a failure names file and tensor. With out NULL it
 * only checks that the tensor is there, so that no memory is allocated for a size that the file
 * does not have. */
struct quell_weights {
    quell_status (*read)(void *user, const char *name, size_t rank, const size_t *shape,
                         float *out);
    void *user;
};

/* One forward pass. time: the result of quell_network_time. labels[rows]: below the number of
 * classes, or -1 for "no class"; NULL means no class for all rows. scratch: scratch_floats(rows)
 * floats, aligned to a cache line. */
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
    /* Adds its shape and its weights to a digest, except those of the conditioning. */
    void (*digest)(const struct quell_network *network, struct quell_digest *digest);
};

struct quell_conditioning;

/* First member of every network struct. rows: preferred number of rows in a forward pass.
 * conditioning: points into the network itself. */
struct quell_network {
    const struct quell_network_class *type;
    const struct quell_conditioning *conditioning;
    size_t inputs, outputs, classes, rows;
};

/* Computes what depends on the time alone, once for many passes: out[quell_network_time_floats]. */
size_t quell_network_time_floats(const struct quell_network *network);
void quell_network_time(const struct quell_network *network, const struct quell_kernels *kernels,
                        double time, float *out);

/* NULL is allowed. */
void quell_network_free(struct quell_network *network);

#endif
