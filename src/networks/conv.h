/* SPDX-License-Identifier: MIT */
/* Convolutions in one to three dimensions (torch.nn.Conv1d ... Conv3d with padding kernel / 2), on
 * maps with the channels last, map[rows][positions][quell_linear_stride(channels)].
 *
 * They are matrix products along (tap, channel). What the taps of some positions see is gathered in
 * the cache, a few lines of taps at a time, and the product's chains go on from slice to slice:
 * nothing of the size of positions x taps x channels ever lies in memory. */
#ifndef QUELL_NETWORKS_CONV_H
#define QUELL_NETWORKS_CONV_H

#include "networks/linear.h"
#include "networks/patches.h"

#define QUELL_MOST_SOURCES 2

/* Sizes of a map: unused dimensions are the first ones and have size 1. */
struct quell_map_size {
    size_t size[QUELL_MOST_SPATIAL];
};

/* kernel: odd sizes, 1 in unused dimensions, as stride is. periodic: the map goes on at its other
 * end, else with zeros. in: the channels of all sources together. */
struct quell_conv_shape {
    size_t in, out, spatial;
    size_t kernel[QUELL_MOST_SPATIAL], stride[QUELL_MOST_SPATIAL];
    bool periodic;
};

struct quell_conv {
    struct quell_conv_shape shape;
    size_t taps;
    struct quell_linear linear; /* in: (tap, channel), the tap's last dimension the fastest */
};

/* Some of the input's channels. stretch: the map's nearest upsampling by these factors is meant. */
struct quell_conv_source {
    const float *map;
    size_t channels;
    struct quell_map_size size;
    size_t stretch[QUELL_MOST_SPATIAL];
};

/* Reads NAME.weight[out][in][kernel...] and NAME.bias[out]. */
quell_status quell_conv_load(struct quell_conv *conv, const struct quell_weights *from,
                             const char *name, const struct quell_conv_shape *shape);
void quell_conv_free(struct quell_conv *conv);
void quell_conv_digest(const struct quell_conv *conv, struct quell_digest *digest);

size_t quell_map_positions(const struct quell_map_size *size);

/* The size of what comes out. */
struct quell_map_size quell_conv_size(const struct quell_conv_shape *shape,
                                      const struct quell_map_size *size);

/* One convolution of `rows` maps of a size, given by the sources one after the other, and the
 * activation of what comes out. scratch: of quell_conv_floats(). */
struct quell_conv_pass {
    const struct quell_kernels *kernels;
    size_t rows, sources;
    struct quell_map_size size;
    struct quell_conv_source source[QUELL_MOST_SOURCES];
    enum quell_activation activation;
    float *out;
    float *scratch;
};

size_t quell_conv_floats(const struct quell_conv *conv);
void quell_conv_apply(const struct quell_conv *conv, const struct quell_conv_pass *pass);

#endif
