/* SPDX-License-Identifier: MIT */
/* Adaptive modulation (azula's "Ada-Norm Zero", after Peebles & Xie, 2212.09748): from the vector e
 * of conditioning.h a block's (a, b, c) = W_2 silu(W_0 e + b_0) + b_2, each of `channels` numbers.
 * The tensors are ada_zero.0 and ada_zero.2 of the block. */
#ifndef QUELL_NETWORKS_MODULATION_H
#define QUELL_NETWORKS_MODULATION_H

#include "networks/labels.h"
#include "networks/linear.h"

/* 1 is added to that part of second's bias that belongs to a. */
struct quell_modulation {
    struct quell_linear first, second;
};

/* block: the name of the block, to which ".ada_zero" is added. */
quell_status quell_modulation_load(struct quell_modulation *modulation,
                                   const struct quell_weights *from, const char *block,
                                   size_t width, size_t channels);
void quell_modulation_free(struct quell_modulation *modulation);
void quell_modulation_digest(const struct quell_modulation *modulation,
                             struct quell_digest *digest);

/* Computes abc[count][quell_modulation_row], (a + 1, b, c) for each of `count` rows of e, which are
 * quell_linear_stride(width) apart. hidden: scratch of the size of e. */
size_t quell_modulation_row(size_t channels);
void quell_modulation_apply(const struct quell_modulation *modulation,
                            const struct quell_kernels *kernels, size_t count, const float *e,
                            float *hidden, float *abc);

#endif
