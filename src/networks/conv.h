/* SPDX-License-Identifier: MIT */
/* Convolutions in one to three dimensions (torch.nn.Conv1d ... Conv3d with padding kernel / 2), on
 * maps with the channels last, map[rows][positions][quell_linear_stride(channels)].
 *
 * They are matrix products along (tap, channel). The inputs of the taps of some positions are
 * gathered in the cache, a few lines of taps at a time, and each output's sum goes on from one
 * slice to the next: no array of positions x taps x channels is ever stored. */
#ifndef QUELL_NETWORKS_CONV_H
#define QUELL_NETWORKS_CONV_H

#include "networks/linear.h"
#include "networks/patches.h"

#define QUELL_MOST_SOURCES 2

/* Sizes of a map: unused dimensions are the first ones and have size 1. */
struct quell_map_size {
    size_t size[QUELL_MOST_SPATIAL];
};

/* kernel: odd sizes, 1 in unused dimensions; so is stride. periodic: beyond its end the map
 * continues with its other end, otherwise with zeros. in: the number of channels of all sources
 * together. */
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

/* A part of the input's channels. stretch: the source is the map's nearest-neighbour upsampling by
 * these factors, which is never stored. */
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

/* The size of the output's map. */
struct quell_map_size quell_conv_size(const struct quell_conv_shape *shape,
                                      const struct quell_map_size *size);

/* One convolution of `rows` maps of one size, whose channels are those of the sources in order,
 * followed by an activation. scratch: quell_conv_floats() floats. */
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
