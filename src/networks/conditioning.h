/* SPDX-License-Identifier: MIT */
/* The vector by which a network knows the time and the class:
 *
 *     e = W_2 silu(W_0 s + b_0) + b_2 + label[class],   s = sine encoding of the time (sine.h).
 *
 * The tensors are time.0, time.2 and label.weight, whose last row stands for "no class". */
#ifndef QUELL_NETWORKS_CONDITIONING_H
#define QUELL_NETWORKS_CONDITIONING_H

#include "networks/labels.h"
#include "networks/linear.h"

/* features: of the sine encoding, even. width: of e. classes: 0 for none. */
struct quell_conditioning_shape {
    size_t features, width, classes;
    double omega;
};

struct quell_conditioning {
    struct quell_conditioning_shape shape;
    struct quell_linear first, second;
    float *label; /* [classes + 1][width] */
    double *frequency;
};

quell_status quell_conditioning_load(struct quell_conditioning *conditioning,
                                     const struct quell_weights *from,
                                     const struct quell_conditioning_shape *shape);
void quell_conditioning_free(struct quell_conditioning *conditioning);
void quell_conditioning_digest(const struct quell_conditioning *conditioning,
                               struct quell_digest *digest);

/* Computes e without its label, which all classes share, into the first `width` of
 * quell_conditioning_floats() floats; the rest is scratch. */
size_t quell_conditioning_floats(const struct quell_conditioning *conditioning);
void quell_conditioning_time(const struct quell_conditioning *conditioning,
                             const struct quell_kernels *kernels, double time, float *out);

/* Computes e[count][quell_linear_stride(width)], a row for each distinct label of the pass. */
void quell_conditioning_apply(const struct quell_conditioning *conditioning,
                              const struct quell_pass *pass, const struct quell_labels *labels,
                              float *e);

#endif
